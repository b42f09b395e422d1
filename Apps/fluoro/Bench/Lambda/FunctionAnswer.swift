import Glibc
import XRayModel

/// What the function that is measured answers: its event, and how it was with it.
struct FunctionAnswer {
  /// The event.
  var number: Int
  var process: pid_t
  /// Which event of this process it is, from 1.
  var place: Int
  /// By ``nanoseconds``, in which all processes of a machine agree.
  var received: Int
  var responded: Int

  init(number: Int, process: pid_t, place: Int, received: Int, responded: Int) {
    self.number = number
    self.process = process
    self.place = place
    self.received = received
    self.responded = responded
  }

  init(_ json: JSONValue) throws(Failure) {
    func integer(_ name: String) -> Int? { json[name]?.number?.integer }
    guard let number = integer("number"), let process = integer("process"), let place = integer("place"),
      let received = integer("received"), let responded = integer("responded")
    else {
      throw .failed("the function failed: \(String(decoding: Self.text(json).utf8.prefix(300), as: UTF8.self))")
    }
    self.init(
      number: number, process: pid_t(truncatingIfNeeded: process), place: place, received: received,
      responded: responded)
  }

  var json: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("number", number)
      writer.member("process", process)
      writer.member("place", place)
      writer.member("received", received)
      writer.member("responded", responded)
    }
    return writer.bytes
  }

  /// From a moment that is the same for all processes.
  static var nanoseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  private static func text(_ json: JSONValue) -> String {
    var writer = JSONWriter()
    writer.value(json)
    return writer.text
  }
}
