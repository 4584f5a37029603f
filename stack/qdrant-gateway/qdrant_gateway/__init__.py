"""A small server for development that speaks the part of Qdrant's REST API that this project uses."""

# The server version whose REST answers the gateway was written against; clients check it.
QDRANT_VERSION = "1.18.2"
