"""What is recorded of requests, held against the peer in the same run."""
