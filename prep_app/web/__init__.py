"""The app in a browser's page: who may come in, what is served, one process of the app for each page."""
