"""An application that fails, for uvicorn (ASGI) and gunicorn (WSGI)."""


def fail():
    return {}["owner"]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/fail":
        fail()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        fail()
    start_response("200 OK", [])
    return [b"ok"]
