"""A server of oslo.messaging: server.py URL EXCHANGE TOPIC HOST. It prints what
casts and fanouts tell it, and ends with its standard input."""
import os
import sys

import oslo_messaging
from oslo_config import cfg


class Endpoint:
    target = oslo_messaging.Target(version="1.3")

    def add(self, ctxt, a, b):
        return {"sum": a + b, "request_id": ctxt["request_id"]}

    def fail(self, ctxt):
        raise ValueError("no such \N{SNOWMAN}")

    def large(self, ctxt, n):
        return "x" * n

    def note(self, ctxt, text):
        os.write(1, f"note {text}\n".encode())  # print would mix lines of threads


class Named:
    target = oslo_messaging.Target(namespace="named", version="2.0")

    def add(self, ctxt, a, b):
        return "named"


url, exchange, topic, host = sys.argv[1:]
conf = cfg.CONF
conf([])
transport = oslo_messaging.get_rpc_transport(conf, url=url)
server = oslo_messaging.get_rpc_server(
    transport,
    oslo_messaging.Target(exchange=exchange, topic=topic, server=host),
    [Endpoint(), Named()],
    executor="threading",
)
server.start()
print("ready", flush=True)
sys.stdin.read()
os._exit(0)  # an orderly end takes seconds
