import DaemonOptions
import Foundation
import Logging
import Testing
import XRayModel

/// 2026-11-21T09:07:39Z
private let moment = Timestamp(seconds: 1_795_252_059)

private func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:], zone: Int = 0) -> String
{
  LogLine(time: moment, zoneOffset: zone, level: level, message: message, metadata: metadata).description
}

@Suite struct `A log line` {
  @Test func `begins with local time and the official word for its level`() {
    #expect(line(.trace, "m") == "2026-11-21T09:07:39Z [Trace] m")
    #expect(line(.debug, "m") == "2026-11-21T09:07:39Z [Debug] m")
    #expect(line(.info, "m") == "2026-11-21T09:07:39Z [Info] m")
    #expect(line(.notice, "m") == "2026-11-21T09:07:39Z [Info] m")
    #expect(line(.warning, "m") == "2026-11-21T09:07:39Z [Warn] m")
    #expect(line(.error, "m") == "2026-11-21T09:07:39Z [Error] m")
    #expect(line(.critical, "m") == "2026-11-21T09:07:39Z [Critical] m")
  }

  @Test(arguments: [(7200, "11:07:39+02:00"), (-12_600, "05:37:39-03:30"), (19_800, "14:37:39+05:30")])
  func `tells the zone unless it is UTC`(offset: Int, time: String) {
    #expect(line(.info, "m", zone: offset) == "2026-11-21T\(time) [Info] m")
  }

  @Test func `carries metadata, sorted, in quotes where needed`() {
    let metadata: Logger.Metadata = ["b": "x y", "a": "1", "c": "", "d": "say \"hi\"", "e": ["k", "l"]]
    #expect(line(.info, "m", metadata).hasSuffix(#"m a=1 b="x y" c="" d="say \"hi\"" e="[\"k\", \"l\"]""#))
  }

  @Test func `stays one line whatever a client sends`() {
    #expect(
      line(.warning, "Invalid header: a\nb\r\u{1B}[31m\u{7F}é\t").hasSuffix(#"header: a\nb\r\x1b[31m\x7fé"# + "\t"))
    #expect(
      line(.info, "m", ["k": "a\nb"]).hasSuffix(#" k=a\nb"#) || line(.info, "m", ["k": "a\nb"]).hasSuffix(#" k="a\nb""#)
    )
  }
}

@Suite struct `The log` {
  private let folder: Folder
  private var path: String { folder.path + "/new/folder/xray.log" }

  init() throws { folder = try Folder() }

  private func log(_ level: Logger.Level = .info, rotationBytes: Int? = nil, path: String? = nil) -> DaemonLog {
    DaemonLog(
      level: level, path: path ?? self.path, rotationBytes: rotationBytes, now: { moment }, zoneOffset: { _ in 0 })
  }

  private func options(_ level: Logger.Level, path: String) -> DaemonOptions {
    var options = DaemonOptions()
    options.logLevel = level
    options.logPath = path
    return options
  }

  @Test func `writes what its level asks for into a file in new folders`() throws {
    var logger = log(.warning).logger()
    logger[metadataKey: "own"] = "1"
    logger.info("silent")
    logger.warning("heard", metadata: ["more": "2"])
    logger.logLevel = .debug
    logger.debug("now too")
    #expect(
      try folder.text("new/folder/xray.log") == """
        2026-11-21T09:07:39Z [Warn] heard more=2 own=1
        2026-11-21T09:07:39Z [Debug] now too own=1

        """)
  }

  @Test func `moves a full file aside and keeps one`() throws {
    let log = log(rotationBytes: 100)
    // 35 bytes each: two in a file.
    for number in 1...7 { log.write(.info, "line \(number)") }
    #expect(try folder.text("new/folder/xray.log").hasSuffix("line 7\n"))
    #expect(try folder.text("new/folder/xray.log").count == 35)
    #expect(try folder.text("new/folder/xray.log.1").contains("line 5\n"))
    #expect(try folder.text("new/folder/xray.log.1").hasSuffix("line 6\n"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/new/folder").count == 2)
    log.write(.info, String(repeating: "x", count: 500))
    log.write(.info, "after")
    #expect(try folder.text("new/folder/xray.log").hasSuffix("after\n"))
  }

  @Test func `counts what a file held before, and lets it grow without rotation`() throws {
    log().write(.info, "before")
    log(rotationBytes: 50).write(.info, "after")
    #expect(try folder.text("new/folder/xray.log.1").hasSuffix("before\n"))
    let growing = log()
    for _ in 0..<100 { growing.write(.info, "x") }
    #expect(try folder.text("new/folder/xray.log").count > 3_000)
  }

  @Test func `goes on in the same file when it cannot be moved`() throws {
    try FileManager.default.createDirectory(atPath: path + ".1/occupied", withIntermediateDirectories: true)
    let log = log(rotationBytes: 100)
    for number in 1...7 { log.write(.info, "line \(number)") }
    #expect(try folder.text("new/folder/xray.log").split(separator: "\n").count == 7)
  }

  @Test func `is opened anew by a reload, at a new level, at a new place`() throws {
    let log = log()
    let logger = log.logger()
    logger.info("one")
    try FileManager.default.moveItem(atPath: path, toPath: folder.path + "/moved")
    logger.info("two")
    #expect(log.reload(options(.debug, path: path)))
    logger.debug("three")
    #expect(try folder.text("moved").hasSuffix("two\n"))
    #expect(try folder.text("new/folder/xray.log").hasSuffix("three\n"))
    #expect(log.reload(options(.info, path: folder.path + "/other")))
    logger.debug("silent")
    logger.info("four")
    #expect(try folder.text("other") == "2026-11-21T09:07:39Z [Info] four\n")
    #expect(!log.reload(options(.info, path: folder.path)))
    logger.info("five")
    #expect(try folder.text("other").hasSuffix("five\n"))
  }

  @Test func `survives a full disk and a place where no file can be`() throws {
    let full = log(path: "/dev/full")
    #expect(full.isOpen)
    for _ in 0..<10 { full.write(.error, "lost") }
    let nowhere = log(path: folder.path)
    #expect(!nowhere.isOpen)
    nowhere.write(.error, "lost")
    // The way out is not barred any more.
    #expect(nowhere.reload(options(.info, path: path)))
    nowhere.write(.info, "found")
    #expect(try folder.text("new/folder/xray.log").hasSuffix("found\n"))
  }

  @Test func `of the process has a zone`() {
    #expect(abs(LogLine.localZoneOffset(at: moment)) <= 14 * 3600)
  }
}
