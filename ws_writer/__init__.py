"""The WebSocket server that feeds Redis in real time and shows viewers what arrives."""
