/// A program that keeps documents in its own way. It gets the file of documents, a folder, and the most documents to
/// take, and prints the seconds of processor time, the documents and the bytes that they take.
struct PeerProgram {
  let name: String
  /// Whether what it needs may be missing.
  let mayFail: Bool
  let text: String

  /// What many would do: each document into a row, 500 at a time, with an index of the trace ids.
  static let rows = PeerProgram(
    name: "rows", mayFail: false,
    text: """
      import os, resource, sqlite3, sys
      def used():
          usage = resource.getrusage(resource.RUSAGE_SELF)
          return usage.ru_utime + usage.ru_stime
      start = used()
      path = sys.argv[2] + "/rows.sqlite"
      db = sqlite3.connect(path, isolation_level=None)
      db.execute("PRAGMA journal_mode = WAL")
      db.execute("PRAGMA synchronous = NORMAL")
      db.execute("CREATE TABLE document (id INTEGER PRIMARY KEY, trace TEXT, body TEXT)")
      db.execute("CREATE INDEX document_trace ON document (trace)")
      def put(rows):
          db.execute("BEGIN")
          db.executemany("INSERT INTO document (trace, body) VALUES (?, ?)", rows)
          db.execute("COMMIT")
      rows, count = [], 0
      for line in open(sys.argv[1], encoding="utf-8", newline="\\n"):
          place = line.find('"trace_id":"') + 12
          rows.append((line[place:place + 35], line[:-1]))
          count += 1
          if len(rows) == 500:
              put(rows)
              rows = []
      put(rows)
      db.close()
      print(used() - start, count, os.path.getsize(path))
      """)

  /// Segments and subsegments as spans, a hundred to a transaction, by the functions that its server calls.
  static let phoenix = PeerProgram(
    name: "phoenix", mayFail: true,
    text: """
      import asyncio, json, os, resource, sys, time
      try:
          from datetime import datetime, timezone
          from sqlalchemy import make_url
          from sqlalchemy.ext.asyncio import AsyncSession
          from phoenix.db.engines import aio_sqlite_engine
          from phoenix.db.insertion.span import insert_span
          from phoenix.trace.schemas import Span, SpanContext, SpanKind, SpanStatusCode
      except ImportError:
          print("none")
          sys.exit()
      def used():
          usage = resource.getrusage(resource.RUSAGE_SELF)
          return usage.ru_utime + usage.ru_stime
      def moment(seconds):
          return datetime.fromtimestamp(seconds, timezone.utc)
      def spans(part, trace, parent):
          kept = {k: v for k, v in part.items() if k not in ("trace_id", "id", "parent_id", "name", "start_time", "end_time", "subsegments")}
          failed = part.get("fault") or part.get("error")
          yield Span(
              name=part["name"], parent_id=part.get("parent_id", parent), span_kind=SpanKind.UNKNOWN,
              start_time=moment(part["start_time"]), end_time=moment(part.get("end_time", part["start_time"])),
              status_code=SpanStatusCode.ERROR if failed else SpanStatusCode.OK, status_message="", attributes=kept, events=[],
              context=SpanContext(trace_id=trace, span_id=part["id"]), conversation=None)
          for inner in part.get("subsegments", ()):
              yield from spans(inner, trace, part["id"])
      async def main():
          documents, database, limit = sys.argv[1], sys.argv[2] + "/phoenix.db", int(sys.argv[3])
          engine = aio_sqlite_engine(make_url("sqlite+aiosqlite:///" + database), log_migrations=False)
          async with AsyncSession(engine) as session:
              await session.connection()
          size = lambda: sum(os.path.getsize(database + end) for end in ("", "-wal") if os.path.exists(database + end))
          empty, start, ended = size(), used(), time.monotonic() + 60
          count, queue = 0, []
          async def put():
              async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                  for span in queue:
                      async with session.begin_nested():
                          await insert_span(session, span, "default")
              queue.clear()
          with open(documents, encoding="utf-8") as lines:
              for line in lines:
                  part = json.loads(line)
                  queue.extend(spans(part, part["trace_id"][2:].replace("-", ""), None))
                  count += 1
                  if len(queue) >= 100:
                      await put()
                  if count == limit or time.monotonic() > ended:
                      break
          await put()
          seconds = used() - start
          await engine.dispose()
          print(seconds, count, size() - empty)
      asyncio.run(main())
      """)

  /// A server of its own for the time, with a table ordered by trace.
  static let clickHouse = PeerProgram(
    name: "clickhouse", mayFail: true,
    text: #"""
      import json, os, re, resource, shutil, socket, subprocess, sys, time
      documents, place, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
      server, client = shutil.which("clickhouse-server"), shutil.which("clickhouse-client")
      if not server or not client:
          sys.exit(1)
      def free():
          with socket.socket() as one:
              one.bind(("127.0.0.1", 0))
              return one.getsockname()[1]
      port = free()
      config = f"""<yandex>
      <logger><level>error</level><log>{place}/log</log><errorlog>{place}/errors</errorlog></logger>
      <tcp_port>{port}</tcp_port><http_port>{free()}</http_port><listen_host>127.0.0.1</listen_host>
      <path>{place}/data/</path><tmp_path>{place}/tmp/</tmp_path><users_config>{place}/users.xml</users_config>
      <mark_cache_size>5368709120</mark_cache_size><default_profile>default</default_profile>
      <default_database>default</default_database></yandex>"""
      users = """<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
      <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
      <quota>default</quota></default></users></yandex>"""
      open(place + "/config.xml", "w").write(config)
      open(place + "/users.xml", "w").write(users)
      def ask(query, **more):
          return subprocess.run(
              [client, "--port", str(port), "--host", "127.0.0.1", "--query", query], check=True, timeout=60,
              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more).stdout
      quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
      running = subprocess.Popen([server, "--config-file=" + place + "/config.xml"], cwd=place, **quiet)
      def used():
          fields = open(f"/proc/{running.pid}/stat").read().rsplit(")", 1)[1].split()
          return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
      try:
          for _ in range(100):
              try:
                  ask("SELECT 1")
                  break
              except subprocess.CalledProcessError:
                  time.sleep(0.1)
          ask("CREATE TABLE document (trace String, start DateTime, body String) ENGINE = MergeTree "
              "PARTITION BY tuple() ORDER BY (trace, start)")
          start, count, rows = used(), 0, []
          ended = time.monotonic() + 60
          def put():
              ask("INSERT INTO document FORMAT TSV", input="".join(rows).encode())
              rows.clear()
          for line in open(documents, encoding="utf-8"):
              trace = line[line.find('"trace_id":"') + 12:][:35]
              begin = int(float(re.search('"start_time":([0-9.]+)', line)[1]))
              body = line[:-1].replace("\\", "\\\\").replace("\t", "\\t")
              rows.append(f"{trace}\t{begin}\t{body}\n")
              count += 1
              if len(rows) == 10000:
                  put()
              if count == limit or time.monotonic() > ended:
                  break
          if rows:
              put()
          ask("OPTIMIZE TABLE document FINAL")
          seconds = used() - start
          size = ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'document'")
          print(seconds, count, int(size))
      finally:
          running.terminate()
          running.wait(20)
      """#)
}
