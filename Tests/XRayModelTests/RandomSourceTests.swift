import Testing
import XRayModel

struct RandomSourceTests {
  @Test func `two sources with one seed give the same numbers`() {
    let (a, b, c) = (RandomSource(seed: 5), RandomSource(seed: 5), RandomSource(seed: 6))
    let numbers = (0..<100).map { _ in a.next() }
    #expect(numbers == (0..<100).map { _ in b.next() })
    #expect(numbers != (0..<100).map { _ in c.next() })
  }

  @Test func `the numbers of a seed never change`() {
    let source = RandomSource(seed: 0)
    #expect([source.next(), source.next()] == [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4])
  }

  @Test func `fractions lie in 0 up to 1 and spread over it`() {
    let source = RandomSource(seed: 1)
    let fractions = (0..<5000).map { _ in source.fraction() }
    #expect(fractions.allSatisfy { (0..<1).contains($0) })
    let mean = fractions.reduce(0, +) / 5000
    #expect(abs(mean - 0.5) < 0.02)
  }

  @Test func `a trace id carries the second at which it began`() {
    let source = RandomSource()
    let moment = Timestamp(seconds: 1_800_000_000.75)
    let ids = Set((0..<1000).map { _ in source.traceID(at: moment) })
    #expect(ids.count == 1000 && ids.allSatisfy { $0.epoch == 1_800_000_000 })
    #expect(Set((0..<1000).map { _ in source.entityID() }).count == 1000)
  }

  @Test func `request ids are random UUIDs`() {
    let source = RandomSource(seed: 3)
    let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
    let ids = (0..<100).map { _ in source.requestID() }
    #expect(ids.allSatisfy { $0.wholeMatch(of: pattern) != nil } && Set(ids).count == 100)
  }
}
