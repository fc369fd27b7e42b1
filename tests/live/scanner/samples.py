"""samples.py -- files that virus scanners are walked past with."""
import binascii
import io
import struct
import tarfile
import zipfile

EICAR = (rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-"
         rb"ANTIVIRUS-TEST-FILE!$H+H*")


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, content) pairs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def nested(depth, content=EICAR):
    for level in range(depth):
        content = zipped((f"level{level}", content))
    return content


def bomb(size):
    """One member: zeros that deflate well, then EICAR."""
    return zipped(("zeros", bytes(size) + EICAR))


def crowd(count):
    """So many small members, then EICAR."""
    members = [(f"m{number}", b"member %d" % number) for number in range(count)]
    return zipped(*members, ("eicar.com", EICAR))


def zeroed_head():
    """EICAR for who reads the directory, nothing for who reads the head."""
    made = bytearray(zipped(("eicar.com", EICAR)))
    made[14:26] = bytes(12)
    return bytes(made)


def tarred(content):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("member")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


class Pipe(io.RawIOBase):
    """Cannot seek, so that sizes are written behind the members."""
    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, more):
        self.content += bytes(more)
        return len(more)


def streamed(content):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first", b"x" * 1000)
        archive.writestr("second", content)
    return pipe.content


class ZipCrypto:
    """PKWARE's traditional encryption (APPNOTE 6.1)."""
    table = [0] * 256
    for start in range(256):
        rest = start
        for _ in range(8):
            rest = rest >> 1 ^ (0xedb88320 if rest & 1 else 0)
        table[start] = rest

    def __init__(self, password):
        self.keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self.update(byte)

    def update(self, byte):
        crc, table = self.keys[0], self.table
        self.keys[0] = crc >> 8 ^ table[(crc ^ byte) & 0xff]
        self.keys[1] += self.keys[0] & 0xff
        self.keys[1] = (self.keys[1] * 134775813 + 1) & 0xffffffff
        crc = self.keys[2]
        self.keys[2] = crc >> 8 ^ table[(crc ^ self.keys[1] >> 24) & 0xff]

    def encrypt(self, content):
        out = bytearray()
        for byte in content:
            mixed = (self.keys[2] | 2) & 0xffff
            out.append(byte ^ (mixed * (mixed ^ 1) >> 8) & 0xff)
            self.update(byte)
        return bytes(out)


def encrypted_zip(content=EICAR, name=b"eicar.com", password=b"infected"):
    crc = binascii.crc32(content)
    body = ZipCrypto(password).encrypt(bytes(11) + bytes([crc >> 24]) + content)
    fields = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x21, crc, len(body),
                         len(content), len(name), 0)
    local = b"PK\3\4" + fields + name + body
    central = (b"PK\1\2" + struct.pack("<H", 20) + fields
               + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central),
                                  len(local), 0)
    return local + central + end


def ole2_entry(name, kind, child=0xffffffff, start=0xfffffffe, size=0):
    text = name.encode("utf-16-le")
    return (text.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(text) + 2, kind, 1, 0xffffffff,
                          0xffffffff, child)
            + bytes(36) + struct.pack("<IQ", start, size))


def ole2(stream_name, content=bytes(4096)):
    """A compound file (MS-CFB) with one stream."""
    sectors = -(-len(content) // 512)
    header = (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
              + struct.pack("<HHHHH", 0x3e, 3, 0xfffe, 9, 6) + bytes(6)
              + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xfffffffe, 0,
                            0xfffffffe, 0)
              + struct.pack("<I", 0) + b"\xff" * 432)
    chain = list(range(3, 2 + sectors)) + [0xfffffffe]
    table = [0xfffffffd, 0xfffffffe] + chain
    table += [0xffffffff] * (128 - len(table))
    entries = (ole2_entry("Root Entry", 5, child=1)
               + ole2_entry(stream_name, 2, start=2, size=len(content)))
    return (header + struct.pack("<128I", *table) + entries.ljust(512, b"\0")
            + content.ljust(sectors * 512, b"\0"))


# Wang and Yu's pair: two contents, one MD5.
HARMLESS_TWIN = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70")
INFECTED_TWIN = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70")
TWIN_SIGNATURE = "Twin:0:*:2fcab50712467eab4004583e\n"
