"""What watches the running system: dashboards as code, and their tests. Not shipped with the services."""
