"""A way to lose the answer to a COMMIT."""

import re
import shutil
import socket
import tempfile
import threading

from scratch import IN_MEMORY


class Proxy:
    """Between a client and the server's socket. Once it is armed, it cuts the connection at a statement, COMMIT say: before the
    server gets it, or when it has answered."""

    COMMIT = re.compile(rb"\bCOMMIT\b")
    INSERT = re.compile(rb"\bInsert Into\b")

    def __init__(self, database):
        self.directory = tempfile.mkdtemp(prefix="cascade-proxy-", dir=IN_MEMORY)  # a socket's path must be short
        postgresql = database.engine == "postgresql"
        name = ".s.PGSQL.5432" if postgresql else "socket"
        self.server = f"{database.host}/{name}" if postgresql else database.host
        self.host = self.directory if postgresql else f"{self.directory}/{name}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.directory}/{name}")
        self.listener.listen()
        self.left, self.where, self.what, self.cut = None, None, None, False
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, number, where, what=COMMIT):
        self.left, self.where, self.what = number, where, what

    def disarm(self):
        self.left, self.cut = None, False

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            threading.Thread(target=self.forward, args=(client, server), daemon=True).start()
            threading.Thread(target=self.answer, args=(client, server), daemon=True).start()

    def forward(self, client, server):
        try:
            while data := client.recv(1 << 16):
                if self.left and self.what.search(data):
                    self.left -= 1
                    self.cut = self.left == 0
                    if self.cut and self.where == "before":
                        break
                server.sendall(data)
        except OSError:
            pass
        if not (self.cut and self.where == "after"):
            self.end(client, server)

    def answer(self, client, server):
        try:
            while (data := server.recv(1 << 16)) and not self.cut:
                client.sendall(data)
        except OSError:
            pass
        self.end(client, server)

    @staticmethod
    def end(*ends):
        for at in ends:
            try:
                at.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            at.close()

    def close(self):
        self.end(self.listener)
        shutil.rmtree(self.directory)
