import DaemonOptions
import Testing

/// A file of one setting and where that must arrive.
struct KeyCase: Sendable, CustomTestStringConvertible {
  var yaml: String
  var arrives: @Sendable (DaemonOptions) -> Bool

  var testDescription: String { yaml }

  init(_ yaml: String, _ arrives: @escaping @Sendable (DaemonOptions) -> Bool) {
    self.yaml = yaml
    self.arrives = arrives
  }

  static let all: [KeyCase] = [
    KeyCase("TotalBufferSizeMB: 24") { $0.bufferMemoryMB == 24 },
    KeyCase("Concurrency: 4") { $0.concurrency == 4 },
    KeyCase("Endpoint: \"http://h\"") { $0.endpoints == ["http://h"] },
    KeyCase("Region: us-east-2") { $0.region == "us-east-2" },
    KeyCase("Socket:\n  UDPAddress: 127.0.0.1:3000") { $0.udpAddress.port == 3000 },
    KeyCase("Socket:\n  TCPAddress: \"127.0.0.2:4000\"") { $0.tcpAddress.host == "127.0.0.2" },
    KeyCase("Logging:\n  LogRotation: false") { !$0.rotatesLog },
    KeyCase("Logging:\n  LogLevel: dev") { $0.logLevel == .trace },
    KeyCase("Logging: {LogPath: /l}") { $0.logPath == "/l" },
    KeyCase("LocalMode: true") { $0.isLocal },
    KeyCase("ResourceARN: 'arn:a'") { $0.resourceARN == "arn:a" },
    KeyCase("RoleARN: arn:b") { $0.roleARN == "arn:b" },
    KeyCase("NoVerifySSL: yes") { !$0.verifiesCertificates },
    KeyCase("ProxyAddress: http://p:8") { $0.proxyAddress == "http://p:8" },
    KeyCase("Fluoro:\n  Endpoints: [http://a, http://b]") { $0.endpoints == ["http://a", "http://b"] },
    KeyCase("Endpoint: http://a\nFluoro:\n  Endpoints:\n  - http://b") { $0.endpoints == ["http://a", "http://b"] },
    KeyCase("Fluoro: {SpoolDirectory: /s}") { $0.spoolDirectory == "/s" },
    KeyCase("Fluoro: {SpoolSizeMB: 0x20}") { $0.spoolSizeMB == 32 },
    KeyCase("Fluoro: {DrainDeadlineSeconds: 1.5}") { $0.drainDeadline == .milliseconds(1500) },
    KeyCase("Fluoro:\n  AllowedHosts:\n  - A\n  - b") { $0.allowedHosts == ["a", "b"] },
  ]
}

@Suite struct `A configuration file` {
  @Test(arguments: KeyCase.all, [1, 2])
  func `sets every key, in both versions`(key: KeyCase, version: Int) throws {
    let file = "\(key.yaml)\nVersion: \(version)\n"
    for options in [
      try resolve(["-c", "f"], files: ["f": file]), try resolve(files: ["/etc/amazon/xray/cfg.yaml": file]),
      try resolve(files: ["cfg.yaml": file]),
    ] {
      #expect(key.arrives(options))
      #expect(options.warnings == [])
    }
    #expect(!key.arrives(try resolve()))
  }

  @Test(arguments: ["16", "0x10", "020", "0b10000", "1_6", "16.0", "1.6e1", "+16"])
  func `takes numbers as YAML writes them`(number: String) throws {
    #expect(try resolve(["-c", "f"], files: ["f": "TotalBufferSizeMB: \(number)\nVersion: 2.0"]).bufferMemoryMB == 16)
  }

  @Test func `that says nothing leaves the defaults`() throws {
    let file = """
      # Comments, empty texts, zero and null count as nothing.
      TotalBufferSizeMB: 0
      Concurrency: 0
      Endpoint: ""
      Region:
      Socket: {UDPAddress: "", TCPAddress: ~}
      Logging: {LogRotation: , LogLevel: "", LogPath: null}
      LocalMode:
      ResourceARN: ''
      RoleARN: ""
      NoVerifySSL: ~
      ProxyAddress: ""
      proxyserver: {idleconntimeout: 5, maxidleconnsperhost: x, maxidleconns: []}
      Fluoro: {Endpoints: [], SpoolDirectory: "", SpoolSizeMB: 0, DrainDeadlineSeconds: , AllowedHosts: ["", b]}
      Version: 2
      """
    var expected = try resolve()
    expected.configPath = "f"
    expected.allowedHosts = ["b"]
    #expect(try resolve(["-c", "f"], files: ["f": file]) == expected)
  }

  @Test func `is the first that is there, or only the one that is named`() throws {
    let files = [
      "/etc/amazon/xray/cfg.yaml": "Version: 2\nRegion: etc", "cfg.yaml": "Version: 2\nRegion: here",
      "f": "Version: 1\nRegion: named",
    ]
    #expect(try resolve(files: files).region == "etc")
    #expect(try resolve(files: ["cfg.yaml": "Version: 2\nRegion: here"]).region == "here")
    #expect(try resolve(["-c", "f"], files: files).region == "named")
    #expect(try resolve(["-c", ""], files: files).region == "etc")
  }

  @Test(arguments: [
    "Nonsense: 1", "Socket:", "Logging: {X: 1}", "region: a", "Fluoro: {Endpoint: a}", "<<: {a: 1}",
  ])
  func `with an unknown key is refused when named, else the key is ignored with a warning`(yaml: String) throws {
    let file = "Version: 2\n\(yaml)"
    let exit = try #require(earlyExit(["-c", "f"], files: ["f": file]))
    #expect(exit.status == 1 && exit.text.contains(" flag is invalid") && exit.text.contains("(f:2:"))
    let options = try resolve(files: ["cfg.yaml": file])
    #expect(options.warnings.count == 1 && options.warnings[0].contains(" flag is invalid"))
  }

  @Test(arguments: [
    "LogRotation: true", "Processor: {Region: a}", "Processor: {Endpoint: a}", "Processor: {Routine: 1}",
    "MemoryLimit: 1",
  ])
  func `of the oldest format is told the new names`(yaml: String) throws {
    let text = try #require(refusal("\(yaml)\nVersion: 1"))
    #expect(text.contains(/flag is not supported\. Use .+ Migration .+\(f:1:\d+\)/))
  }

  @Test(arguments: [
    "Profile: {CPU: a}", "Profile: {Memory: a}", "Socket: {BufferSizeKB: 1}", "Logging: {LogFormat: a}",
    "Processor: {BatchProcessorQueueSize: 1}",
  ])
  func `with a key that is gone says so`(yaml: String) throws {
    let text = try #require(refusal("\(yaml)\nVersion: 1"))
    #expect(text.contains(/flag is not supported any more.+\(f:1:\d+\)/))
  }

  @Test(arguments: ["", "Region: a", "Version:", "# nothing", "---", "~"])
  func `needs a version`(yaml: String) {
    #expect(refusal(yaml)?.hasPrefix("Config Version is missing") == true)
    #expect(earlyExit(files: ["cfg.yaml": yaml])?.text.hasPrefix("Config Version is missing") == true)
    #expect(earlyExit(files: ["cfg.yaml": yaml])?.status == 1)
  }

  @Test(arguments: ["0", "3", "-1", "two", "[2]", "{a: 2}", "2.5", "\"2\""])
  func `needs version 1 or 2`(version: String) {
    let text = refusal("Region: a\nVersion: \(version)")
    #expect(text?.hasPrefix("Config Version Setting is not correct") == true)
  }

  @Test(arguments: [
    ("Concurrency: eight", 14), ("Concurrency: \"8\"", 14), ("Concurrency: [8]", 14), ("Concurrency: 8.5", 14),
    ("LocalMode: maybe", 12), ("LocalMode: \"true\"", 12), ("Region: [a]", 9), ("Region: {}", 9),
    ("Socket: UDPAddress:1", 9), ("Fluoro: []", 9), ("Region: {a: b}", 9),
    ("Fluoro: {DrainDeadlineSeconds: soon}", 32), ("Fluoro: {AllowedHosts: [[a]]}", 25),
  ])
  func `with a value of the wrong kind is refused with its place`(yaml: String, column: Int) throws {
    let exit = try #require(earlyExit(files: ["cfg.yaml": "Version: 2\n\n\(yaml)"]))
    #expect(exit.text.hasPrefix("Error occur when using config flag: "))
    #expect(exit.text.hasSuffix("(cfg.yaml:3:\(column))"))
    #expect(exit.status == 1)
  }

  @Test func `with a key twice takes the last, with a warning`() throws {
    let options = try resolve(["-c", "f"], files: ["f": "Version: 2\nEndpoint: http://a\nEndpoint: http://b"])
    #expect(options.endpoints == ["http://b"] && options.warnings.count == 1)
  }

  @Test func `that is named and missing is an error`() {
    #expect(
      earlyExit(["-c", "nowhere"])?.text == "Error occur when using config flag: cannot read nowhere: no such file")
    #expect(earlyExit(["-c", "nowhere"])?.status == 1)
  }

  @Test func `that cannot be read is an error wherever it was found`() {
    var sources = sources()
    sources.readFile = { _ throws(FileError) in throw FileError(reason: "Permission denied") }
    #expect(throws: EarlyExit.self) { try sources.resolve() }
  }
}
