"""Sends recorded documents again, each through the official SDK's own emitter.

The SDK hands its emitter an entity that can serialize itself; a recorded document serializes to itself.
"""

import sys

from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter


class Recorded:
    def __init__(self, text):
        self.text = text

    def serialize(self):
        return self.text


emitter = UDPEmitter()
for path in sys.argv[1:]:
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    # A datagram is a header line and a document line.
    for document in lines[1::2]:
        emitter.send_entity(Recorded(document))
