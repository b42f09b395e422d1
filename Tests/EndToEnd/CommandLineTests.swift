import Foundation
import Testing
import XRayModel
import XRaySDK

/// The `fluoro` executable, run as a user runs it.
@Suite struct `The command line` {
  @Test func `imports documents and answers for each`() throws {
    let data = try TemporaryDirectory.make("import")
    let lines = [Sample.checkout, "", "  \r", Sample.stock, #"{"id":"70de5b6f19ff9a0a"}"#, "nonsense", Sample.tooLong]
    let result = try fluoro("import", "--json", "--data", data, "-", input: lines.joined(separator: "\n"))
    let json = try JSONValue(parsing: result.standardOutput)
    #expect(result.status == 0 && result.standardError == "")
    #expect(json["documents"]?.number?.integer == 2)
    #expect(json["rejected"]?["ParseError"]?.number?.integer == 1)
    #expect(json["rejected"]?["InvalidSegment"]?.number?.integer == 1)
    #expect(json["rejected"]?.object?.members.count == 3)
    #expect(json["bytes_on_disk"]?.number?.integer ?? 0 > 0)
  }

  @Test func `imports the same from a file, a gzipped file and standard input`() throws {
    let folder = try TemporaryDirectory.make("forms")
    try write([Sample.checkout, Sample.stock], to: "\(folder)/plain")
    // Two members in one file, as log rotation makes them; no name tells that they are gzipped.
    try write([Sample.checkout], to: "\(folder)/a")
    try write([Sample.stock], to: "\(folder)/b")
    _ = try Child.run("gzip", ["\(folder)/a", "\(folder)/b"])
    let members = try TemporaryDirectory.read("\(folder)/a.gz") + TemporaryDirectory.read("\(folder)/b.gz")
    try Data(members).write(to: URL(filePath: "\(folder)/deflated"))
    let plain = Sample.checkout + "\n" + Sample.stock
    let sources = [(["\(folder)/plain"], ""), (["\(folder)/deflated"], ""), (["-"], plain)]
    for (index, source) in sources.enumerated() {
      let data = "\(folder)/data\(index)"
      #expect(try fluoro(["import", "--data", data] + source.0, input: source.1).status == 0)
      #expect(try fluoro("export", "--format", "raw", "--data", data).standardOutput == plain + "\n")
    }
  }

  @Test func `keeps what came before the damage in a file, and names the file`() throws {
    let folder = try TemporaryDirectory.make("damage")
    let documents = (1...200).map { Sample.segment(id: $0, name: "checkout") }
    try write(documents, to: "\(folder)/documents")
    _ = try Child.run("gzip", ["\(folder)/documents"])
    let whole = try TemporaryDirectory.read("\(folder)/documents.gz")
    try Data(whole.dropLast(20)).write(to: URL(filePath: "\(folder)/cut.gz"))
    let result = try fluoro("import", "--data", "\(folder)/data", "\(folder)/cut.gz")
    #expect(result.status == 1)
    #expect(result.standardError.contains("\(folder)/cut.gz is damaged"))
    let kept = try fluoro("export", "--format", "raw", "--data", "\(folder)/data").standardOutput
    #expect(kept.hasPrefix(documents[0] + "\n" + documents[1] + "\n"))
  }

  @Test func `shows a trace, in the forms of people and of X-Ray`() throws {
    let data = try Sample.store()
    let text = try fluoro("trace", Sample.traceID, "--data", data)
    #expect(text.status == 0)
    #expect(text.standardOutput.contains("checkout") && text.standardOutput.contains("stock"))
    let w3c = try #require(TraceID(Sample.traceID)).w3c
    let json = try JSONValue(parsing: try fluoro("trace", w3c, "--json", "--data", data).standardOutput)
    let trace = try #require(json["Traces"]?[0])
    #expect(trace["Id"]?.string == Sample.traceID)
    let document = try JSONValue(parsing: try #require(trace["Segments"]?[0]?["Document"]?.string))
    #expect(document["annotations"]?["items"]?.number?.integer == 3)
  }

  @Test(arguments: [
    (["--since", "2026-11-21T09:00:00Z"], 2), (["--since", "1795251600.5"], 1), (["--until", "2026-11-21"], 0),
    (["--until", "2026-11-21T10:00:00.250Z"], 1), (["--since", "1m", "--until", "0s"], 0), (["--limit", "1"], 1),
  ])
  func `lists the traces of a part of time`(options: [String], count: Int) throws {
    let data = try Sample.store()
    let result = try fluoro(["traces", "--json", "--data", data] + options)
    let json = try JSONValue(parsing: result.standardOutput)
    #expect(result.status == 0 && json["TraceSummaries"]?.array?.count == count)
    #expect(try fluoro(["traces", "--data", data] + options).standardOutput.split(separator: "\n").count == count)
  }

  @Test(arguments: [
    ("annotation.items = 3", ["checkout"]), (#"service("stock")"#, ["stock", "checkout"]),
    (#"edge("checkout", "stock") { ok }"#, ["checkout"]), ("responsetime > 1", []),
    (#"http.method = "GET" OR !annotation.items"#, ["stock", "checkout"]),
  ])
  func `lists the traces that match a filter expression`(filter: String, entryPoints: [String]) throws {
    let data = try Sample.store()
    let result = try fluoro("traces", "--json", "--filter", filter, "--data", data)
    let summaries = try JSONValue(parsing: result.standardOutput)["TraceSummaries"]?.array ?? []
    #expect(result.status == 0 && summaries.compactMap { $0["EntryPoint"]?["Name"]?.string } == entryPoints)
    let map = try JSONValue(
      parsing: try fluoro("map", "--json", "--filter", filter, "--data", data).standardOutput)
    #expect((map["Services"]?.array ?? []).isEmpty == entryPoints.isEmpty)
  }

  @Test func `points at the error in a filter expression, and explains a right one`() throws {
    let data = try Sample.store()
    let wrong = try fluoro("traces", "--filter", "responsetime >> 1", "--data", data)
    #expect(wrong.status == 2 && wrong.standardError.contains("^"))
    let why = try fluoro("trace", Sample.traceID, "--explain", "annotation.items > 2 AND fault", "--data", data)
    #expect(why.status == 0)
    #expect(why.standardOutput.contains("✓ annotation.items > 2: 3") && why.standardOutput.contains("✗ fault"))
  }

  @Test func `maps the services`() throws {
    let data = try Sample.store()
    let text = try fluoro("map", "--data", data).standardOutput
    #expect(text.contains("checkout") && text.contains("stock"))
    let json = try JSONValue(parsing: try fluoro("map", "--json", "--data", data).standardOutput)
    let names = json["Services"]?.array?.compactMap { $0["Name"]?.string } ?? []
    #expect(names.contains("checkout") && names.contains("stock"))
  }

  @Test(arguments: [
    ("xray", #""Traces":"#), ("otlp", #""resourceSpans":"#), ("raw", #""annotations":{"items":3}"#),
    ("csv", "id,start,"), ("svg", "<svg"), ("html", "<!DOCTYPE html>"),
  ])
  func `exports every format, to standard output and to a file`(format: String, mark: String) throws {
    let data = try Sample.store()
    let output = try fluoro("export", "--format", format, "--data", data)
    #expect(output.status == 0 && output.standardOutput.contains(mark) && output.standardOutput.contains("checkout"))
    let file = try TemporaryDirectory.make("export") + "/file"
    let silent = try fluoro("export", "--format", format, "--data", data, "--output", file)
    #expect(silent.status == 0 && silent.standardOutput == "")
    #expect(String(decoding: try TemporaryDirectory.read(file), as: UTF8.self) == output.standardOutput)
  }

  @Test func `tells a whole store from a damaged one`() throws {
    let data = try Sample.store()
    let whole = try fluoro("check", "--json", "--data", data)
    #expect(whole.status == 0)
    #expect(try JSONValue(parsing: whole.standardOutput)["is_intact"]?.bool == true)
    // The headers stay, of the file and of what SQLite has not written back to it yet.
    for (name, header) in [("fluoro.sqlite", 4096), ("fluoro.sqlite-wal", 32)] {
      let file = URL(filePath: "\(data)/\(name)")
      guard var bytes = try? Array(Data(contentsOf: file)) else { continue }
      for index in bytes.indices.dropFirst(header) where bytes[index] != 0 { bytes[index] ^= 0x55 }
      try Data(bytes).write(to: file)
    }
    let damaged = try fluoro("check", "--data", data)
    #expect(damaged.status != 0 && damaged.standardError.contains(data))
  }

  @Test(arguments: [
    ["bogus"], ["import"], ["trace", "1-58406520"], ["traces", "--limit", "0"], ["traces", "--since", "yesterday"],
    ["traces", "--since", "1h", "--until", "2h"], ["export", "--format", "pdf"], ["receive", "--listen", "2000"],
  ])
  func `calls wrong usage 2`(arguments: [String]) throws {
    let result = try fluoro(arguments)
    #expect(result.status == 2)
    #expect(result.standardError.contains("Usage:") && result.standardOutput == "")
  }

  @Test func `calls what cannot be reached or opened 3`() throws {
    let data = try Sample.store()
    let missing = "/nonexistent/place"
    let failures = [
      ["traces", "--data", missing], ["check", "--data", missing], ["import", missing, "--data", data],
      ["import", "/", "--data", data], ["trace", "1-58406520-000000000000000000000000", "--data", data],
      ["export", "--format", "csv", "--output", "\(missing)/file", "--data", data],
      ["receive", "--listen", "192.0.2.1:2000", "--data", data],
    ]
    for arguments in failures {
      let result = try fluoro(arguments)
      #expect(result.status == 3, "\(arguments)")
      #expect(result.standardError.hasPrefix("fluoro: ") && result.standardOutput == "", "\(arguments)")
    }
    #expect(!FileManager.default.fileExists(atPath: missing))
  }

  @Test(arguments: ["receive", "import", "traces", "trace", "map", "export", "check"])
  func `explains each command with an example`(command: String) throws {
    let help = try fluoro(command, "--help")
    #expect(help.status == 0 && help.standardOutput.contains("EXAMPLE") && help.standardOutput.contains("--data"))
  }

  @Test func `receives datagrams until it is asked to stop, and accounts for each`() throws {
    let data = try TemporaryDirectory.make("receive")
    let receiver = Process()
    receiver.executableURL = URL(filePath: try Child.path("fluoro"))
    receiver.arguments = ["receive", "--json", "--listen", "127.0.0.1:0", "--data", data]
    let (output, news) = (Pipe(), Pipe())
    receiver.standardOutput = output
    receiver.standardError = news
    try receiver.run()
    let ready = String(decoding: news.fileHandleForReading.availableData, as: UTF8.self)
    let address = try #require(ready.firstMatch(of: /listening on 127\.0\.0\.1:(\d+)/), "\(ready)")
    let port = try #require(UInt16(address.1))
    let emitter = DatagramEmitter(to: .init(host: "127.0.0.1", port: port))
    for document in [Sample.checkout, Sample.stock, "nonsense"] { emitter.emit(Array(document.utf8)) }
    receiver.terminate()
    let ledger = try JSONValue(
      parsing: String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self))
    receiver.waitUntilExit()
    #expect(receiver.terminationStatus == 0 && ledger["documents"]?.number?.integer == 2)
    let last = try #require(ledger["hops"]?.array?.last)
    #expect(last["passed_on"]?.number?.integer == 2 && last["rejected"]?["ParseError"]?.number?.integer == 1)
    #expect(try fluoro("trace", Sample.traceID, "--data", data).standardOutput.contains("checkout"))
  }

  private func fluoro(_ arguments: String..., input: String = "") throws -> Child.Output {
    try fluoro(arguments, input: input)
  }

  private func fluoro(_ arguments: [String], input: String = "") throws -> Child.Output {
    try Child.run("fluoro", arguments, input: Array(input.utf8))
  }

  private func write(_ lines: [String], to path: String) throws {
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
  }
}

private enum Sample {
  static let traceID = "1-6b015d90-a006649127e371903a2de979"
  /// 2026-11-21T09:00:00Z
  static let checkout = """
    {"trace_id":"\(traceID)","id":"70de5b6f19ff9a0a","name":"checkout","start_time":1795251600.0,\
    "end_time":1795251600.5,"annotations":{"items":3},"http":{"request":{"method":"GET","url":"https://shop/"}},\
    "subsegments":[{"id":"53995c3f42cd8ad8","name":"stock","start_time":1795251600.1,"end_time":1795251600.4,\
    "namespace":"remote"}]}
    """
  /// An hour and a quarter of a second later.
  static let stock = """
    {"trace_id":"1-6b016ba0-a006649127e371903a2de979","id":"53995c3f42cd8ad9","name":"stock",\
    "start_time":1795255200.25,"end_time":1795255200.5}
    """
  static let tooLong = #"{"name":""# + String(repeating: "x", count: 1 << 20) + "\"}"

  static func segment(id: Int, name: String) -> String {
    let digits = String(repeating: "0", count: 16 - String(id, radix: 16).count) + String(id, radix: 16)
    return """
      {"trace_id":"1-6b015d90-\(String(digits.reversed()))a006649a","id":"\(digits)","name":"\(name)",\
      "start_time":1795251600.0,"end_time":1795251600.5}
      """
  }

  /// The path of a store that holds ``checkout`` and ``stock``.
  static func store() throws -> String {
    let data = try TemporaryDirectory.make("store")
    let input = Array((checkout + "\n" + stock).utf8)
    let result = try Child.run("fluoro", ["import", "--data", data, "-"], input: input)
    try #require(result.status == 0, "\(result.standardError)")
    return data
  }
}
