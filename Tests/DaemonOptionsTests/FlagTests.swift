import DaemonOptions
import Testing

/// A flag, a value for it, and where that must arrive.
struct FlagCase: Sendable, CustomTestStringConvertible {
  var names: [String]
  var value: String
  var arrives: @Sendable (DaemonOptions) -> Bool

  var testDescription: String { names.joined(separator: " ") }

  static let withValue: [FlagCase] = [
    FlagCase(names: ["a", "resource-arn"], value: "arn:r") { $0.resourceARN == "arn:r" },
    FlagCase(names: ["m", "buffer-memory"], value: "17") { $0.bufferMemoryMB == 17 },
    FlagCase(names: ["n", "region"], value: "eu-west-1") { $0.region == "eu-west-1" },
    FlagCase(names: ["b", "bind"], value: "0.0.0.0:3000") {
      $0.udpAddress == ListenAddress(host: "0.0.0.0", port: 3000)
    },
    FlagCase(names: ["t", "bind-tcp"], value: "[::1]:4000") { $0.tcpAddress == ListenAddress(host: "::1", port: 4000) },
    FlagCase(names: ["r", "role-arn"], value: "arn:x") { $0.roleARN == "arn:x" },
    FlagCase(names: ["f", "log-file"], value: "/var/log/x") { $0.logPath == "/var/log/x" },
    FlagCase(names: ["l", "log-level"], value: "debug") { $0.logLevel == .debug },
    FlagCase(names: ["p", "proxy-address"], value: "http://p:1") { $0.proxyAddress == "http://p:1" },
    FlagCase(names: ["c", "config"], value: "there") { $0.configPath == "there" },
    FlagCase(names: ["endpoint"], value: "http://h:1/a=b") { $0.endpoints == ["http://h:1/a=b"] },
    FlagCase(names: ["concurrency"], value: "3") { $0.concurrency == 3 },
    FlagCase(names: ["spool"], value: "/s") { $0.spoolDirectory == "/s" },
    FlagCase(names: ["spool-size"], value: "12") { $0.spoolSizeMB == 12 },
    FlagCase(names: ["drain-deadline"], value: "0.5") { $0.drainDeadline == .milliseconds(500) },
    FlagCase(names: ["allowed-host"], value: "Daemon.Local") { $0.allowedHosts == ["daemon.local"] },
  ]
}

@Suite struct `A flag` {
  @Test(arguments: FlagCase.withValue)
  func `takes its value after a space or an equals sign, with one dash or two`(flag: FlagCase) throws {
    let files = ["there": "Version: 2"]
    for name in flag.names {
      for dashes in ["-", "--"] {
        #expect(flag.arrives(try resolve(["\(dashes)\(name)", flag.value], files: files)))
        #expect(flag.arrives(try resolve(["\(dashes)\(name)=\(flag.value)"], files: files)))
        #expect(
          earlyExit(["\(dashes)\(name)"], files: files)?.text.hasPrefix("flag needs an argument: -\(name)\n") == true)
      }
    }
    #expect(!flag.arrives(try resolve()))
  }

  @Test func `without a value is a switch`() throws {
    for name in ["-o", "--o", "-local-mode", "--local-mode"] {
      #expect(try resolve([name]).isLocal)
      for yes in ["1", "t", "T", "true", "TRUE", "True"] { #expect(try resolve(["\(name)=\(yes)"]).isLocal) }
      for no in ["0", "f", "F", "false", "FALSE", "False"] { #expect(try !resolve(["-o", "\(name)=\(no)"]).isLocal) }
      #expect(earlyExit(["\(name)=yes"])?.status == 2)
    }
    // The word after a switch is not its value.
    #expect(try resolve(["-o", "false"]).isLocal)
  }

  @Test func `given twice counts the second time, and a list collects`() throws {
    #expect(try resolve(["-n", "a", "--region=b"]).region == "b")
    #expect(try resolve(["--endpoint", "http://a", "--endpoint=http://b"]).endpoints == ["http://a", "http://b"])
    #expect(try resolve(["--allowed-host", "a", "--allowed-host", "b"]).allowedHosts == ["a", "b"])
  }

  @Test func `may be followed by a value that looks like a flag`() throws {
    #expect(try resolve(["-n", "-o"]).region == "-o")
  }

  @Test(arguments: [["-o", "--", "-n", "x"], ["-o", "-", "-n", "x"], ["-o", "word", "-n", "x"]])
  func `after the end of the flags is ignored with a warning`(arguments: [String]) throws {
    let options = try resolve(arguments)
    #expect(options.isLocal && options.region == nil && options.warnings.count == 1)
  }

  @Test(arguments: ["16": 16, "0x10": 16, "0X1f": 31, "020": 16, "0o20": 16, "0b10000": 16, "1_6": 16, "+16": 16])
  func `takes numbers as Go writes them`(text: String, number: Int) throws {
    #expect(try resolve(["-m", text]).bufferMemoryMB == number)
  }

  @Test(arguments: ["", "x", "1.5", "0x", "09", "1__6", "_16", "16_", "-", "0b2", " 16", "0xg"])
  func `refuses what is no number`(text: String) {
    #expect(earlyExit(["-m", text])?.text.hasPrefix("invalid value \"\(text)\" for flag -m: parse error\n") == true)
    #expect(earlyExit(["-m", text])?.status == 2)
  }

  @Test func `refuses numbers that no integer holds`() {
    #expect(earlyExit(["-m", "9223372036854775808"])?.text.contains("value out of range") == true)
    #expect(earlyExit(["-m", "99999999999999999999"])?.text.contains("value out of range") == true)
    #expect(earlyExit(["-m", "-9223372036854775808"])?.status == 1)
  }

  @Test(arguments: ["-x", "--x", "-x=1", "--no-verify-ssl", "-on", "-O", "--Region"])
  func `nobody knows ends with the usage and 2`(flag: String) throws {
    let exit = try #require(earlyExit([flag]))
    let name = flag.drop { $0 == "-" }.prefix { $0 != "=" }
    #expect(exit.kind == .usage && exit.status == 2)
    #expect(exit.text.hasPrefix("flag provided but not defined: -\(name)\nUsage: xray [options]\n"))
  }

  @Test(arguments: ["---o", "-=x", "--=x"])
  func `of bad syntax ends with the usage and 2`(flag: String) {
    #expect(earlyExit([flag])?.text.hasPrefix("bad flag syntax: \(flag)\n") == true)
    #expect(earlyExit([flag])?.status == 2)
  }
}

@Suite struct `The program answers` {
  @Test(arguments: ["-h", "--h", "-help", "--help", "--help=x"])
  func `for help with every flag and examples`(flag: String) throws {
    let exit = try #require(earlyExit(["-o", flag, "-x"]))
    #expect(exit.kind == .answer && exit.status == 0)
    #expect(exit.text.hasPrefix("Usage: xray [options]") && exit.text.contains("Examples:"))
    for name in FlagCase.withValue.flatMap(\.names) + ["o", "local-mode", "v", "version", "h", "help"] {
      #expect(exit.text.contains(name.count == 1 ? " -\(name), " : "--\(name)"))
    }
    #expect(exit.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test(arguments: ["-v", "--version", "-version", "-v=true"])
  func `for its version, whatever the file holds`(flag: String) throws {
    let exit = try #require(earlyExit([flag], files: ["cfg.yaml": "Version: 77"]))
    #expect(exit.kind == .answer && exit.status == 0)
    #expect(exit.text.hasPrefix("AWS X-Ray daemon version: 9.8.7\n"))
  }

  @Test func `nothing when the version is not asked for`() throws {
    #expect(try resolve(["-v=false"]) == resolve())
  }
}
