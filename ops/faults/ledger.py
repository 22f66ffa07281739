"""What the coordinator's store says is finished, read from outside while the coordinator lives and dies: the measure of 'nothing finished is paid for again'.

A unit is finished when its record is committed. Its counts of tokens name the request that it made (see `model.py`). The store is read again and again;
the time noted for a unit is that at which a reading that had it returned, so the unit was committed before. A request for it that came later
repeats a finished unit. Requests between the commit and the noted time escape: at most one reading's distance, a few hundredths of a second.
"""

import os
import sqlite3
import threading
import time

DISTANCE_SECONDS = 0.03


class Ledger:
    def __init__(self, state):
        self._path = os.path.join(state, "advpo.sqlite")
        self.finished = {}
        self._last = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        connection = None
        while not self._ended.wait(DISTANCE_SECONDS):
            try:
                connection = connection or sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
                self._read(connection)
            except sqlite3.Error:
                # Not made yet, or its writer was killed this very moment: the next reading tells.
                connection = None
        if connection:
            connection.close()

    def _read(self, connection):
        rows = connection.execute("SELECT id, input_tokens, output_tokens FROM units WHERE id > ? ORDER BY id", (self._last,)).fetchall()
        now = time.monotonic()
        for number, *name in rows:
            self._last = number
            self.finished.setdefault(tuple(name), now)

    def close(self):
        """After a last reading: for each unit its run, the name of its request, and its status."""
        self._ended.set()
        self._thread.join()
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
        self._read(connection)
        # Not the units' own names, in which the job's has a part.
        query = "SELECT runs.template, runs.model, units.input_tokens, units.output_tokens, units.status FROM units JOIN runs ON runs.id = units.run"
        units = connection.execute(query).fetchall()
        connection.close()
        return sorted(units, key=str)

    def repeats(self, calls):
        """The requests that came for a unit that was finished already."""
        return [call for call in calls if call.came > self.finished.get(call.name, float("inf"))]
