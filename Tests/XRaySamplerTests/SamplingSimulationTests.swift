import Testing
import XRaySampler

@Suite struct `Many clients of one rule` {
  @Test(arguments: SamplingSimulation.Load.allCases, [1, 10, 1000])
  func `sample within 10 percent of the reservoir together`(load: SamplingSimulation.Load, clientCount: Int) {
    let seeds: ClosedRange<UInt64> = clientCount == 1000 ? 1...1 : 1...4
    for seed in seeds {
      let simulation = SamplingSimulation(
        clientCount: clientCount, load: load, seconds: clientCount == 1000 ? 140 : 400, seed: seed)
      let run = simulation.run()
      #expect(abs(simulation.accuracy(of: run) - 1) <= 0.1, "seed \(seed)")
      #expect(run.allSatisfy { $0.reserved <= simulation.reservoirSize }, "seed \(seed)")
      // There is something to divide.
      #expect(run.reduce(0) { $0 + $1.offered } > 2 * simulation.reservoirSize * run.count)
    }
  }

  @Test func `sample the same for the same seed, and differently for another`() {
    var simulation = SamplingSimulation(clientCount: 10, load: .churning, seconds: 100)
    let run = simulation.run()
    #expect(simulation.run() == run)
    simulation.seed = 2
    #expect(simulation.run() != run)
  }

  @Test func `are none, or have nothing to share, without failing`() {
    let nobody = SamplingSimulation(clientCount: 0, load: .steady, seconds: 5).run()
    #expect(nobody.count == 5 && nobody.allSatisfy { $0.offered == 0 && $0.sampled == 0 })
    let nothing = SamplingSimulation(clientCount: 1, load: .bursty, reservoirSize: 0, seconds: 90).run()
    #expect(nothing.allSatisfy { $0.sampled == 0 })
  }
}
