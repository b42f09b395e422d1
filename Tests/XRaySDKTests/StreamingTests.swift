import Testing
import XRayModel
import XRaySDK

@Suite struct StreamingTests {
  private func limited(_ threshold: Int) -> RecorderConfiguration {
    var configuration = RecorderConfiguration()
    configuration.streamingThreshold = threshold
    return configuration
  }

  @Test(arguments: [(100, 100, 0), (101, 0, 101), (250, 48, 202)])
  func `sends finished subsegments ahead once more than a hundred are held`(
    count: Int, kept: Int, ahead: Int
  ) throws {
    let rig = Rig()
    try rig.recorder.withSegment("shop") { _ in
      for number in 0..<count { try rig.recorder.withSubsegment("s\(number)") { _ in } }
    }
    let sent = rig.sent()
    let segment = try #require(sent.last)
    #expect(sent.count == ahead + 1 && segment.kind == .segment && segment.subsegments.count == kept)
    for streamed in sent.dropLast() {
      #expect(streamed.kind == .subsegment && streamed.parentID == segment.id)
      #expect(streamed.traceID == segment.traceID)
    }
    #expect(Set(sent.flatMap(\.all).map(\.name)).count == count + 1)
  }

  @Test func `sends a finished tree as one document, and leaves open ones where they are`() throws {
    let rig = Rig(configuration: limited(3))
    let segment = rig.recorder.beginSegment("shop")
    let open = segment.beginSubsegment("open")
    let tree = segment.beginSubsegment("tree")
    tree.beginSubsegment("leaf").end()
    tree.end()
    #expect(rig.emitter.documents.isEmpty)
    open.beginSubsegment("last").end()
    #expect(rig.sent().map(\.name) == ["last", "tree"])
    open.end()
    segment.end()
    let sent = rig.sent()
    #expect(sent.map { $0.all.map(\.name) } == [["last"], ["tree", "leaf"], ["shop", "open"]])
    #expect(sent[0].parentID == sent[2]["open"]?.id)
  }

  @Test func `stays readable at any depth`() throws {
    let rig = Rig(configuration: limited(.max))
    func nest(_ depth: Int) throws {
      guard depth > 0 else { return }
      try rig.recorder.withSubsegment("d\(depth)") { _ in try nest(depth - 1) }
    }
    try rig.recorder.withSegment("shop") { _ in try nest(200) }
    let all = rig.sent().flatMap(\.all)
    #expect(all.count == 201 && Set(all.map(\.id)).count == 201)
  }

  @Test func `splits what no datagram can hold, and loses nothing`() throws {
    let rig = Rig()
    try rig.recorder.withSegment("shop") { segment in
      for number in 0..<20 {
        try rig.recorder.withSubsegment("s\(number)") { subsegment in
          subsegment.setMetadata("payload", .string(String(repeating: "x", count: 500 * (number + 1))))
        }
      }
    }
    let sent = rig.sent()
    let segment = try #require(sent.last)
    #expect(segment.kind == .segment)
    // The largest went: 500 times 15 times 16 / 2 are 60,000 bytes, the sixteenth does not fit any more.
    #expect(segment.subsegments.map(\.name) == (0..<15).map { "s\($0)" })
    #expect(sent.dropLast().allSatisfy { $0.parentID == segment.id && $0.kind == .subsegment })
    #expect(rig.recorder.counts == RecorderCounts(documents: 6, detached: 5))
  }

  @Test func `truncates what cannot be split at its metadata, the largest first, and counts it`() throws {
    let rig = Rig()
    rig.recorder.withSegment("shop") { segment in
      segment.annotate("order", 7)
      segment.setMetadata("huge", .string(String(repeating: "x", count: 70_000)))
      segment.setMetadata("small", "kept")
      segment.setMetadata("large", .string(String(repeating: "y", count: 30_000)), namespace: "other")
    }
    let segment = try rig.only()
    #expect(segment.metadata["default"] == ["small": "kept"])
    #expect(segment.metadata["other"]?["large"] != nil)
    #expect(segment.metadata["fluoro"] == ["removed_metadata": 1])
    #expect(segment.annotation("order") == 7)
    #expect(rig.recorder.counts.truncated == 1)
  }

  @Test func `keeps identity, times and outcome of what is too long in every part`() throws {
    let rig = Rig()
    _ = try? rig.recorder.withSegment("shop") { segment in
      segment.setRequest(HTTPBlock.Request(method: "GET", url: String(repeating: "u", count: 66_000)))
      try rig.recorder.withSubsegment("inner") { _ in throw OrderError(String(repeating: "e", count: 66_000)) }
    }
    let sent = rig.sent()
    #expect(sent.map(\.name) == ["inner", "shop"] && sent[0].parentID == sent[1].id)
    for entity in sent {
      #expect(entity.isFault && entity.end == Rig.start && entity.traceID != nil)
      #expect(entity.metadata["fluoro"] == ["removed_content": true])
    }
    #expect(rig.recorder.counts.truncated == 2)
  }

  @Test func `sends every entity exactly once and under its parent, whatever the order of calls`() throws {
    let random = RandomSource(seed: 77)
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    for round in 0..<150 {
      let rig = Rig(configuration: limited([0, 3, 20, 1000][round % 4]), seed: UInt64(round))
      var parents: [EntityID: EntityID?] = [:]
      var open: [any TracedEntity] = [rig.recorder.beginSegment("root")]
      let root = try #require(open[0].id)
      parents[root] = .some(nil)
      for step in 0..<60 {
        rig.clock.advance(by: .milliseconds(1))
        switch below(5) {
        case 0, 1:
          let parent = open[below(open.count)]
          let child = parent.beginSubsegment("s\(step)")
          parents[try #require(child.id)] = parent.id
          open.append(child)
        case 2: open[below(open.count)].setMetadata("m", .string(String(repeating: "z", count: below(20_000))))
        case 3: open[below(open.count)].capture(OrderError("e\(below(3))"))
        default: open[below(open.count)].end()
        }
      }
      var shuffle = random
      for entity in open.shuffled(using: &shuffle) { entity.end() }
      var found: [EntityID: EntityID?] = [:]
      func visit(_ entity: Entity, parent: EntityID?) {
        #expect(found.updateValue(parent, forKey: entity.id) == nil, "sent twice")
        for child in entity.subsegments { visit(child, parent: entity.id) }
      }
      for entity in rig.sent() { visit(entity, parent: entity.parentID) }
      #expect(found == parents, "round \(round)")
      #expect(rig.recorder.counts.documents == rig.emitter.documents.count)
    }
  }
}
