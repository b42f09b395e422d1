import DaemonOptions
import Testing

@Suite struct `A setting` {
  private let file = """
    TotalBufferSizeMB: 20
    Concurrency: 2
    Endpoint: http://file
    Region: file
    Socket: {UDPAddress: "1.1.1.1:1", TCPAddress: "1.1.1.1:1"}
    Logging: {LogLevel: warn, LogPath: file}
    LocalMode: true
    ResourceARN: file
    RoleARN: file
    ProxyAddress: http://file
    Fluoro: {SpoolDirectory: file, SpoolSizeMB: 5, DrainDeadlineSeconds: 5, AllowedHosts: [file]}
    Version: 2
    """

  @Test func `by flag counts before the file, the file before the default`() throws {
    let byFlag = try resolve(
      [
        "-c", "f", "-m", "30", "--concurrency", "3", "--endpoint", "http://flag", "-n", "flag", "-b", "2.2.2.2:2",
        "-t", "2.2.2.2:2", "-l", "error", "-f", "flag", "-o=false", "-a", "flag", "-r", "flag", "-p", "http://flag",
        "--spool", "flag", "--spool-size", "6", "--drain-deadline", "6", "--allowed-host", "flag",
      ], files: ["f": file])
    var expected = DaemonOptions()
    expected.bufferMemoryMB = 30
    expected.concurrency = 3
    expected.endpoints = ["http://flag"]
    expected.udpAddress = ListenAddress(host: "2.2.2.2", port: 2)
    expected.tcpAddress = ListenAddress(host: "2.2.2.2", port: 2)
    expected.logLevel = .error
    (expected.region, expected.logPath, expected.resourceARN, expected.roleARN) = ("flag", "flag", "flag", "flag")
    expected.proxyAddress = "http://flag"
    (expected.spoolDirectory, expected.spoolSizeMB, expected.drainDeadline) = ("flag", 6, .seconds(6))
    expected.allowedHosts = ["flag"]
    expected.configPath = "f"
    #expect(byFlag == expected)

    let byFile = try resolve(["-c", "f"], files: ["f": file])
    #expect(byFile.region == "file" && byFile.proxyAddress == "http://file" && byFile.isLocal)
    #expect(byFile.udpAddress.port == 1 && byFile.logLevel == .warning && byFile.bufferMemoryMB == 20)

    let byDefault = try resolve()
    expected = DaemonOptions()
    expected.bufferMemoryMB = 102
    #expect(byDefault == expected)
    #expect(byDefault.udpAddress.description == "127.0.0.1:2000" && byDefault.tcpAddress.port == 2000)
    #expect(byDefault.concurrency == 8 && byDefault.logLevel == .info && byDefault.verifiesCertificates)
  }

  @Test func `that is an empty flag takes back what the file says`() throws {
    let options = try resolve(
      ["-c", "f", "-n", "", "-p=", "-f", "", "--endpoint=", "-m", "0"], files: ["f": file])
    #expect(options.region == nil && options.proxyAddress == nil && options.logPath == nil)
    #expect(options.endpoints == [] && options.bufferMemoryMB == 102)
  }

  @Test func `for the user agent comes from the environment`() throws {
    #expect(
      try resolve(environment: ["AWS_EXECUTION_ENV": "AWS_ECS_FARGATE"]).executionEnvironment == "AWS_ECS_FARGATE")
    #expect(try resolve(environment: ["AWS_EXECUTION_ENV": ""]).executionEnvironment == "UNKNOWN")
    #expect(try resolve().executionEnvironment == "UNKNOWN")
  }

  @Test(arguments: ["XRAY_DAEMON_CPU_PROFILE", "XRAY_DAEMON_MEMORY_PROFILE"])
  func `that has no effect is told`(name: String) throws {
    #expect(try resolve(environment: [name: "/x"]).warnings.count == 1)
  }

  @Test func `for memory is 1 percent of the host's, at least 3 MB`() throws {
    #expect(try resolve(hostMemory: 24_159_191_040).bufferMemoryMB == 230)
    #expect(try resolve(hostMemory: 128 << 20).bufferMemoryMB == 3)
    #expect(try resolve(hostMemory: 0).bufferMemoryMB == 3)
    #expect(try resolve(["-m", "3"]).bufferMemoryMB == 3)
  }

  @Test(arguments: [
    ("-m=2", "Not enough Buffers Memory Allocated"), ("-m=-1", "Not enough Buffers Memory Allocated"),
    ("-m=1048577", "The buffer memory"), ("--concurrency=0", "The concurrency must be 1 to 1000, not 0"),
    ("--concurrency=1001", "The concurrency"), ("--spool-size=0", "The spool's size"),
    ("--drain-deadline=-1", "The drain deadline"), ("--drain-deadline=3601", "The drain deadline"),
    ("-b=2000", "address 2000: must be host:port"), ("-t=localhost", "address"), ("-b=", "address"),
    ("-b=::1:2000", "address"), ("-b=[::1]", "address"), ("-b=h:65536", "address"), ("-b=http://h:1", "address"),
    ("-b=a b:1", "address"), ("-b=[h]:1", "address"),
    ("--endpoint=xray.eu-west-1.amazonaws.com", "endpoint"), ("--endpoint=https://", "endpoint"),
    ("--endpoint=ftp://h", "endpoint"), ("--endpoint=http:///x", "endpoint"),
  ])
  func `that cannot be ends with 1`(flag: String, message: String) throws {
    let exit = try #require(earlyExit([flag]))
    #expect(exit.status == 1 && exit.kind == .failure(logPath: nil) && exit.text.hasPrefix(message))
    #expect(!exit.text.contains("\n"))
  }

  @Test func `that cannot be is told in the log file of the command line, too`() {
    #expect(earlyExit(["-m", "1", "-f", "/l"])?.kind == .failure(logPath: "/l"))
  }

  @Test(arguments: [
    ("localhost:2000", "localhost", 2000), (":2000", "0.0.0.0", 2000), ("[::]:0", "::", 0),
    ("0.0.0.0:65535", "0.0.0.0", 65535),
  ])
  func `can be an address`(text: String, host: String, port: UInt16) throws {
    #expect(try resolve(["-b", text]).udpAddress == ListenAddress(host: host, port: port))
  }

  @Test func `for the log level may be an unknown word, which is ignored`() throws {
    let levels = [
      "dev": "trace", "debug": "debug", "info": "info", "warn": "warning", "error": "error", "prod": "info",
    ]
    for (word, level) in levels { #expect("\(try resolve(["-l", word]).logLevel)" == level) }
    let file = ["cfg.yaml": "Version: 2\nLogging: {LogLevel: error}"]
    #expect(try resolve(["-l", "loud"], files: file).logLevel == .error)
    #expect(try resolve(["-l", "loud"]).logLevel == .info)
    #expect(try resolve(["-l", "loud"]).warnings.count == 1)
  }

  @Test func `that changed tells whether it needs a restart`() throws {
    let old = try resolve(["-n", "a", "--endpoint", "http://a"])
    let new = try resolve(["-n", "b", "--endpoint", "http://b", "-l", "debug", "-b", "0.0.0.0:1", "-m", "4"])
    let changes = old.changes(to: new)
    #expect(changes.filter(\.needsRestart).map(\.setting) == ["bind", "buffer-memory"])
    #expect(changes.filter { !$0.needsRestart }.map(\.setting) == ["endpoint", "region", "log-level"])
    #expect("\(changes[0])" == "bind: 127.0.0.1:2000 -> 0.0.0.0:1 (after a restart)")
    #expect(old.changes(to: old) == [])
    let more = try resolve(["-n", "a", "--endpoint", "http://a", "--endpoint", "http://b"])
    #expect(old.changes(to: more).map(\.needsRestart) == [true])
    #expect(try old.changes(to: resolve(["-n", "a"])).map(\.needsRestart) == [false])
  }

  @Test func `at start is told in the official words`() {
    let lines: [StartupLine] = [
      .initializing(version: "3"), .bufferMemory(megabytes: 16), .buffers(megabytes: 16), .region("r"),
      .endpoint("https://e"), .proxy(ListenAddress()),
    ]
    #expect(
      lines.map(\.description) == [
        "Initializing AWS X-Ray daemon 3", "Using buffer memory limit of 16 MB", "256 segment buffers allocated",
        "Using region: r", "HTTP Proxy server using X-Ray Endpoint : https://e",
        "Starting proxy http server on 127.0.0.1:2000",
      ])
  }
}
