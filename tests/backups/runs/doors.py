"""What the tests of doors share beside fixtures."""

SUBMIT = {"_form_submitted": "on"}
LOOK = ("devices.view_device", "backups.view_run")


def said(response):
    return [str(message) for message in response.wsgi_request._messages]
