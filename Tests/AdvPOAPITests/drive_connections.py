"""Clients that behave badly, each against a live server; and clients that meet its limits.

Usage: drive_connections.py MODE ENDPOINT [more]. Ends with "all passed", or with a traceback.
"""
import select
import socket
import ssl
import sys
from urllib.parse import urlsplit

mode, endpoint = sys.argv[1:3]
place = urlsplit(endpoint)
ADDRESS = (place.hostname, place.port)
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /advanced-prompt-optimization-jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n"


def connect():
    connection = socket.create_connection(ADDRESS)
    connection.settimeout(250)
    return connection


def read_answer(connection):
    """One whole answer with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def rest(connection):
    """What comes until the server ends the connection."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except (ConnectionResetError, BrokenPipeError):
        pass
    return data


def expect_service():
    connection = connect()
    connection.sendall(GET)
    assert read_answer(connection).startswith(b"HTTP/1.1 200")
    connection.close()


def trickle(connection, data):
    """A byte every few milliseconds, until the server has had enough; returns what it said."""
    for position in range(len(data)):
        readable, _, _ = select.select([connection], [], [], 0.01)
        if readable:
            return rest(connection)
        try:
            connection.send(data[position:position + 1])
        except (ConnectionResetError, BrokenPipeError):
            return b""
    raise AssertionError("the server took it all")


def slow_head():
    assert rest(connect()) == b""
    assert trickle(connect(), b"GET /healthz HTTP/1.1\r\n" + b"X-Header: " + b"x" * 4000) == b""


def slow_body():
    connection = connect()
    connection.sendall(POST)
    assert trickle(connection, b"x" * 4000) == b""


def idle():
    connection = connect()
    connection.sendall(GET)
    assert read_answer(connection).startswith(b"HTTP/1.1 200")
    assert rest(connection) == b""


def no_reader():
    """Asks for a large file and reads none of it. The end shows in sending, since what was sent before it can still be read."""
    connection = socket.socket()
    # Little that the system takes in for us.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(ADDRESS)
    connection.sendall(f"GET {sys.argv[3]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    for _ in range(4000):
        select.select([], [], [connection], 0.01)
        try:
            connection.send(b"G")
        except (ConnectionResetError, BrokenPipeError):
            return
    raise AssertionError("the server waits for ever")


def expect_refusal(connection):
    """An answer that comes while there is more to read may be lost in the reset of the connection."""
    answer = rest(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 "), answer


def large_head():
    for head in (b"X-Large: " + b"x" * 40_000 + b"\r\n", b"".join(b"X-%d: x\r\n" % number for number in range(150))):
        connection = connect()
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n")
        expect_refusal(connection)
    connection = connect()
    connection.sendall(b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    expect_refusal(connection)


def crowd():
    """More connections than are allowed: the last waits until one of the others ends."""
    allowed = int(sys.argv[3])
    connections = [connect() for _ in range(allowed)]
    for connection in connections:
        connection.sendall(GET)
        assert read_answer(connection).startswith(b"HTTP/1.1 200")
    waiting = connect()
    waiting.sendall(GET)
    for _ in range(50):
        connections[0].sendall(GET)
        assert read_answer(connections[0]).startswith(b"HTTP/1.1 200")
    assert select.select([waiting], [], [], 0)[0] == [], "one connection too many was served"
    connections.pop().close()
    assert read_answer(waiting).startswith(b"HTTP/1.1 200")


def garbage():
    for data in (b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        connection = connect()
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = rest(connection)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), (data, answer)


def wrong_protocol():
    """TLS to a plain port."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        context.wrap_socket(connect())
    except (ssl.SSLError, ConnectionResetError):
        return
    raise AssertionError("a plain port spoke TLS")


def tls():
    """A TLS port: trusted by its authority, and silent to whoever does not speak TLS."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import SSLError
    authority = sys.argv[3]
    key, secret = sys.argv[4:6]

    def listing(verify):
        client = boto3.client("bedrock", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, verify=verify,
                              config=Config(retries={"max_attempts": 0}))
        return client.list_advanced_prompt_optimization_jobs()

    assert listing(authority)["jobSummaries"] == []
    try:
        listing(True)
        raise AssertionError("an unknown authority was trusted")
    except SSLError:
        pass
    connection = connect()
    connection.sendall(GET)
    assert b"HTTP" not in rest(connection)
    context = ssl.create_default_context(cafile=authority)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        with context.wrap_socket(connect(), server_hostname="127.0.0.1") as secure:
            secure.sendall(GET)
            assert read_answer(secure).startswith(b"HTTP/1.1 200")
    assert listing(authority)["jobSummaries"] == []


def slow_handshake():
    """A handshake that is begun and not gone on with is a head that does not come."""
    connection = connect()
    connection.sendall(b"\x16\x03\x01")
    assert rest(connection) == b""


def throttled():
    import boto3
    from botocore.config import Config
    client = boto3.client("bedrock", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
                          config=Config(retries={"max_attempts": 0}))
    for _ in range(5):
        client.list_advanced_prompt_optimization_jobs()
    try:
        client.list_advanced_prompt_optimization_jobs()
        raise AssertionError("nothing was throttled")
    except client.exceptions.ThrottlingException as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "2"


def stranger():
    """Who does not prove who he is gets his answer whole, however much he sent, and then the end of the connection."""
    for request, status in [(GET, b"200"), (POST + b"x" * 1000000, b"403"), (POST.replace(b"Host", b"Authorization: Bearer nobodys-token-at-all\r\nHost") + b"x" * 1000000, b"403")]:
        connection = connect()
        connection.sendall(request)
        answer = rest(connection)
        assert answer.startswith(b"HTTP/1.1 " + status), answer
        assert b"connection: close" in answer.lower() and answer.endswith(b"}"), answer


globals()[mode.replace("-", "_")]()
if mode in ("slow-body", "idle", "no-reader", "large-head", "crowd", "garbage", "wrong-protocol"):
    expect_service()
print("all passed")
