import LambdaEmitter
import XRayModel

extension Python {
  /// An extension in a few lines: `body` registers and asks for its events. What it notes are lines of JSON.
  static func `extension`(_ body: String) -> String {
    """
    #!\(path ?? "/usr/bin/python3") -IS
    import http.client, json, os, signal, sys, threading, time
    API, EXTENSION = os.environ["AWS_LAMBDA_RUNTIME_API"], "/2020-01-01/extension"
    NAME = os.path.basename(__file__)
    def ask(method, path, body=None, headers={}):
        connection = http.client.HTTPConnection(API)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.headers, response.read()
        connection.close()
        return answer
    def note(value, file="notes"):
        with open(file, "a") as out: out.write(json.dumps(value) + "\\n")
    def register(events=["INVOKE", "SHUTDOWN"], name=NAME, **headers):
        status, headers, body = ask("POST", EXTENSION + "/register", json.dumps({"events": events}),
            {"Lambda-Extension-Name": name} | headers)
        return headers["Lambda-Extension-Identifier"]
    def next(id):
        return json.loads(ask("GET", EXTENSION + "/event/next", None, {"Lambda-Extension-Identifier": id})[2])
    def wait(name):
        while not os.path.exists(name): time.sleep(0.005)
    def subscribe(id, destination, types=["platform", "function", "extension"], path="/2022-07-01/telemetry", **more):
        body = {"schemaVersion": "2022-12-13", "types": types, "destination": destination} | more
        return ask("PUT", path, json.dumps(body), {"Lambda-Extension-Identifier": id})
    def listen(take):
        import http.server
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))), self)
                self.send_response(200)
                self.end_headers()
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d/events" % server.server_port}
    with open("pids", "a") as out: out.write(str(os.getpid()) + "\\n")
    \(body)

    """
  }

  /// Answers what it is sent.
  static let echo = bootstrap(
    """
    with open("pids", "a") as file: file.write(str(os.getpid()) + "\\n")
    def handle(id, headers, body): respond(id, body)
    loop(handle)
    """)
}

extension CodeFolder {
  /// What extensions noted.
  func notes(_ name: String = "notes") -> [JSONValue] {
    lines(of: name).compactMap { line in try? JSONValue(parsing: Array(line.utf8).span) }
  }
}

extension Fixture {
  /// Runs `body` with a function that has extensions, by their names.
  static func extended<Result: Sendable>(
    _ extensions: [String: String], bootstrap: String = Python.echo, freezes: Bool = false, shutdownSeconds: Int64 = 2,
    _ change: (inout FunctionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Fixture) async throws -> Result
  ) async throws -> Result {
    var files = ["bootstrap": bootstrap]
    for (name, script) in extensions { files["extensions/\(name)"] = Python.extension(script) }
    return try await run(files, freezes: freezes, shutdownSeconds: shutdownSeconds, change, body)
  }
}
