"""A wheel of which only some bytes are here: a sparse local copy, filled by HTTP range requests and kept between runs.

To `zipfile` it is an ordinary seekable file, so listing, checksums and extraction are zipfile's own.
"""

import io
import json
import os

JOURNAL_EVERY = 4 << 20
# A gap this small between two wanted members costs less to download than another request.
GAP = 256 << 10
ATTEMPTS = 4


class NoRanges(Exception):
    """The server does not answer range requests."""


class Incomplete(Exception):
    """The connection ended early more often than we try."""


class PartialWheel(io.RawIOBase):
    def __init__(self, session, url, identity, path):
        self.session, self.url, self.path = session, url, path
        self.position = 0
        self.on_bytes = lambda count: None
        self.size = self._ask_size()
        # Bytes of another file of the same name must never be mixed with these.
        self.identity = {"identity": identity, "size": self.size}
        self.have = self._read_journal()
        self.file = open(path, "r+b" if os.path.exists(path) else "w+b")
        self.file.truncate(self.size)

    def _get(self, start, end):
        headers = {"Range": "bytes=%d-%d" % (start, end - 1), "Accept-Encoding": "identity", "Cache-Control": "no-cache"}
        response = self.session.get(self.url, headers=headers, stream=True)
        response.raise_for_status()
        if response.status_code != 206 or not response.headers.get("Content-Range", "").startswith("bytes %d-" % start):
            response.close()
            raise NoRanges()
        return response

    def _ask_size(self):
        response = self._get(0, 1)
        response.close()
        total = response.headers["Content-Range"].rpartition("/")[2]
        if not total.isdigit():
            raise NoRanges()
        return int(total)

    def _read_journal(self):
        try:
            with open(self.path + ".ranges.json") as file:
                journal = json.load(file)
            if journal["of"] == self.identity and os.path.getsize(self.path) == self.size:
                return [tuple(span) for span in journal["have"]]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if os.path.exists(self.path):
            os.remove(self.path)
        return []

    def save(self):
        self.file.flush()
        temporary = self.path + ".ranges.json.new"
        with open(temporary, "w") as file:
            json.dump({"of": self.identity, "have": self.have}, file)
        os.replace(temporary, self.path + ".ranges.json")

    def forget(self):
        """Drops every byte that came: they proved wrong."""
        self.have = []
        self.save()

    def missing(self, start, end):
        """The parts of [start, end) that are not here yet."""
        gaps = []
        for a, b in self.have:
            if b <= start or a >= end:
                continue
            if a > start:
                gaps.append((start, a))
            start = max(start, b)
        if start < end:
            gaps.append((start, end))
        return gaps

    def _add(self, start, end):
        spans = sorted(self.have + [(start, end)])
        merged = [spans[0]]
        for a, b in spans[1:]:
            if a <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
            else:
                merged.append((a, b))
        self.have = merged

    def ensure(self, start, end):
        for a, b in self.missing(start, end):
            self._fetch(a, b)

    def _fetch(self, start, end):
        failures, last = 0, None
        while start < end:
            before = start
            try:
                start = self._stream(start, end)
            except (NoRanges, PartialWheelFull):
                raise
            except Exception as error:  # requests, urllib3 and http.client each have their own
                if getattr(getattr(error, "response", None), "status_code", 500) in (401, 403, 404):
                    raise
                last = error
                start = self.missing(start, end)[0][0] if self.missing(start, end) else end
            failures = 0 if start > before else failures + 1
            if failures >= ATTEMPTS:
                raise Incomplete("the connection ended %s bytes early (%s)" % (format(end - start, ","), last))

    def _stream(self, start, end):
        response = self._get(start, end)
        unsaved = 0
        try:
            for block in response.iter_content(256 << 10):
                block = block[: end - start]
                try:
                    self.file.seek(start)
                    self.file.write(block)
                    self.file.flush()
                except OSError as error:
                    raise PartialWheelFull(error)
                self._add(start, start + len(block))
                start += len(block)
                unsaved += len(block)
                self.on_bytes(len(block))
                if unsaved >= JOURNAL_EVERY:
                    self.save()
                    unsaved = 0
        finally:
            response.close()
            self.save()
        return start

    # What zipfile asks of a file.
    def seekable(self):
        return True

    def readable(self):
        return True

    def tell(self):
        return self.position

    def seek(self, offset, whence=0):
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def read(self, count=-1):
        end = self.size if count is None or count < 0 else min(self.size, self.position + count)
        if end <= self.position:
            return b""
        self.ensure(self.position, end)
        self.file.seek(self.position)
        data = self.file.read(end - self.position)
        self.position = end
        return data


class PartialWheelFull(Exception):
    """The disk refused a block; `args[0]` is the OSError."""


def spans_of(infos, size):
    """The byte ranges that hold these members: neighbours joined, local headers included."""
    spans = []
    for info in sorted(infos, key=lambda info: info.header_offset):
        # A local header is 30 bytes, the name, and extra fields whose length only it knows: allow for them.
        end = min(size, info.header_offset + 30 + len(info.filename.encode()) + info.compress_size + 1024)
        if spans and info.header_offset - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((info.header_offset, end))
    return spans
