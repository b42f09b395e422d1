import Testing
import XRayModel
import XRaySampler

@testable import XRayService

#if canImport(Glibc)
  import Glibc
#endif

/// A folder that goes away with the test.
private struct Folder: ~Copyable {
  let path: String
  var file: String { path + "/settings.json" }

  init() throws { path = try TestService.makeDirectory() }

  func write(_ text: String) throws {
    let stream = try #require(fopen(file, "w"))
    fputs(text, stream)
    fclose(stream)
  }

  deinit {
    for name in ["/settings.json", "/settings.json.part", "/a/b/settings.json"] { unlink(path + name) }
    for name in ["/settings.json", "/a/b", "/a", ""] { rmdir(path + name) }
  }
}

@Suite struct `Settings` {
  @Test func `come back after a restart`() throws {
    let folder = try Folder()
    let settings = try SettingsFile(directory: folder.path)
    #expect(settings.current == ServiceSettings())
    #expect(access(folder.file, F_OK) != 0)
    let made = try settings.change { settings in
      settings.groups.append(TraceGroup(name: "a", arn: "arn", expression: "fault"))
      settings.encryption = .kms(keyID: "k\u{0}\"\\\n")
      return settings
    }
    #expect(settings.current == made)
    #expect(try SettingsFile(directory: folder.path).current == made)
    // What was made under another identity keeps its ARNs.
    let identity = ServiceIdentity(account: "123456789012", region: "eu-west-1")
    #expect(try SettingsFile(directory: folder.path, identity: identity).current == made)
  }

  @Test func `stay as they are when a change fails`() throws {
    let folder = try Folder()
    let settings = try SettingsFile(directory: folder.path)
    #expect(throws: APIError.self) {
      try settings.change { settings in
        settings.groups = []
        throw APIError.invalidRequest("no")
      }
    }
    #expect(settings.current == ServiceSettings())
    // A folder in the file's place: nothing can be put there.
    #expect(mkdir(folder.file, 0o700) == 0)
    let error = #expect(throws: SettingsError.self) {
      try settings.change { $0.destination = .cloudWatchLogs }
    }
    #expect(error?.reason == .cannotWrite)
    #expect(settings.current.destination == .xray)
    #expect(access(folder.file + ".part", F_OK) != 0)
    #expect(throws: SettingsError.self) { try SettingsFile(directory: folder.path) }
  }

  @Test func `make their folder, and need one that can be made`() throws {
    let folder = try Folder()
    let settings = try SettingsFile(directory: folder.path + "/a/b")
    try settings.change { $0.destination = .cloudWatchLogs }
    #expect(try SettingsFile(directory: folder.path + "/a/b").current.destination == .cloudWatchLogs)
    #expect(throws: SettingsError.self) { try SettingsFile(directory: folder.path + "/a/b/settings.json") }
  }

  @Test func `that are half written change nothing`() throws {
    let folder = try Folder()
    let settings = try SettingsFile(directory: folder.path)
    try settings.change { $0.destination = .cloudWatchLogs }
    let stream = try #require(fopen(folder.file + ".part", "w"))
    fputs("{\"Format\":", stream)
    fclose(stream)
    let reopened = try SettingsFile(directory: folder.path)
    #expect(reopened.current.destination == .cloudWatchLogs)
    try reopened.change { $0.destination = .xray }
    #expect(try SettingsFile(directory: folder.path).current.destination == .xray)
  }

  @Test(arguments: [
    ("", "ends too early"), ("{", "ends too early"), ("[]", "they name no format"), ("{}", "they name no format"),
    ("{\"Format\": 2}", "they have format 2, this version reads 1"), ("{\"Format\": 1}", "\"Groups\" is missing"),
    ("{\"Format\": 1, \"Groups\": [{}]}", "an element of \"Groups\" cannot be read"),
  ])
  func `that are damaged are not taken for none`(text: String, detail: String) throws {
    let folder = try Folder()
    try folder.write(text)
    let error = #expect(throws: SettingsError.self) { try SettingsFile(directory: folder.path) }
    #expect(error?.reason == .damaged)
    #expect(error?.path == folder.file)
    #expect(error?.description.contains(detail) == true, "\(String(describing: error))")
    #expect(error?.description.contains("move it away") == true)
  }

  @Test func `that lack any part are damaged`() throws {
    var writer = JSONWriter()
    RandomSettings(seed: 1).settings().write(to: &writer)
    let whole = try JSONValue(parsing: writer.text)
    for key in try #require(whole.object).keys {
      #expect(throws: SettingsDamage.self, "\(key)") { try ServiceSettings(json: whole.with([key: .null])) }
      #expect(throws: SettingsDamage.self, "\(key)") { try ServiceSettings(json: whole.with([key: "odd"])) }
    }
    for key in ["Groups", "SamplingRules", "Policies", "Tags"] {
      let odd = JSONValue.array((whole[key]?.array ?? []) + [["RuleName": 1]])
      #expect(throws: SettingsDamage.self, "\(key)") { try ServiceSettings(json: whole.with([key: odd])) }
    }
    for key in ["Groups", "SamplingRules"] {
      #expect(throws: SettingsDamage.self, "\(key)") { try ServiceSettings(json: whole.with([key: []])) }
    }
  }

  @Test func `are read as they were written`() throws {
    for seed in 0..<300 {
      let settings = RandomSettings(seed: UInt64(seed)).settings()
      var writer = JSONWriter(pretty: seed.isMultiple(of: 2))
      settings.write(to: &writer)
      let read = try ServiceSettings(json: JSONValue(parsing: writer.text))
      #expect(read == settings, "seed \(seed)")
    }
  }

  @Test func `take changes at the same time, each of them whole`() async throws {
    let folder = try Folder()
    let settings = try SettingsFile(directory: folder.path)
    await withTaskGroup { group in
      for number in 0..<64 {
        group.addTask {
          let tag = Tag(key: "\(number)", value: "")
          _ = try? settings.change { settings in
            settings.tags["a", default: []].append(tag)
            settings.tags["b", default: []].append(tag)
          }
          // Whoever reads meanwhile sees both lists or none.
          let seen = settings.current
          #expect(seen.tags["a"] == seen.tags["b"])
        }
      }
    }
    #expect(Set(settings.current.tags["a"]?.map(\.key) ?? []).count == 64)
    #expect(try SettingsFile(directory: folder.path).current == settings.current)
  }
}

/// Settings of all shapes, the same for the same seed.
private struct RandomSettings {
  let random: RandomSource

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  func number(_ range: Range<Int>) -> Int { range.lowerBound + Int(random.next() % UInt64(range.count)) }

  func text() -> String {
    let alphabet = Array("aZ09-_ .:/\\\"'<>;\n\t\u{0}\u{7f}é日🜁{}[]*?")
    return String((0..<number(0..<12)).map { _ in alphabet[number(0..<alphabet.count)] })
  }

  func moment() -> Timestamp { Timestamp(ticks: Int64(random.next() % 2_000_000_000_000_000) * 10) }

  func settings() -> ServiceSettings {
    var settings = ServiceSettings()
    for index in 0..<number(0..<5) {
      var group = TraceGroup(name: "\(index)" + text(), arn: text(), expression: text())
      group.insightsEnabled = random.next() % 2 == 0
      group.notificationsEnabled = random.next() % 2 == 0
      settings.groups.append(group)
    }
    for index in 0..<number(0..<5) {
      let rule = CentralizedRule(
        name: "\(index)" + text(), arn: text(), resourceARN: WildcardPattern(text()), priority: number(1..<10_000),
        fixedRate: random.fraction(), reservoirSize: number(0..<1_000_000), serviceName: WildcardPattern(text()),
        serviceType: WildcardPattern(text()), host: WildcardPattern(text()), httpMethod: WildcardPattern(text()),
        urlPath: WildcardPattern(text()), attributes: [text(): text(), "x": text()],
        boost: random.next() % 2 == 0
          ? nil : SamplingRateBoost(maxRate: random.fraction(), cooldownMinutes: number(0..<100)))
      settings.rules.insert(SamplingRuleRecord(rule: rule, createdAt: moment(), modifiedAt: moment()), at: index)
    }
    for index in 0..<number(0..<5) {
      settings.policies.append(
        ResourcePolicy(name: "\(index)", document: text(), revision: number(1..<100), updatedAt: moment()))
    }
    for _ in 0..<number(0..<5) {
      settings.tags[text()] = (0..<number(0..<5)).map { _ in Tag(key: text(), value: text()) }
    }
    settings.lastRuleModification = moment()
    settings.encryption = random.next() % 2 == 0 ? .none : .kms(keyID: text())
    settings.indexing = IndexingRule(desiredPercentage: random.fraction() * 100, modifiedAt: moment())
    settings.destination = random.next() % 2 == 0 ? .xray : .cloudWatchLogs
    return settings
  }
}
