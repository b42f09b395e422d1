import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `The cause of a failed span` {
  private func exceptions(_ trace: String, kind: Int = 2) throws -> [CapturedException] {
    let event: JSONValue = [
      "name": "exception",
      "attributes": Sample.keyValues([
        "exception.type": "ValueError", "exception.message": "bad cart", "exception.stacktrace": .string(trace),
      ]),
    ]
    let entity = try Sample.entity(
      kind: kind,
      [
        "events": [event], "status": ["code": 2, "message": "cart unreadable"], "parentSpanId": "1111111111111111",
      ])
    guard case .exceptions(let detail)? = entity.cause else { return [] }
    #expect(detail.message == "cart unreadable")
    return detail.exceptions
  }

  @Test func `is a Python exception with its frames, innermost first`() throws {
    let chain = try exceptions(
      """
      Traceback (most recent call last):
        File "/app/db.py", line 7, in read
          raise KeyError("k")
      KeyError: 'k'

      During handling of the above exception, another exception occurred:

      Traceback (most recent call last):
        File "/app/main.py", line 30, in handler
          load()
        File "/app/cart.py", line 12, in load
          raise ValueError("bad cart")
      ValueError: bad cart
      """)
    #expect(chain.count == 2)
    #expect(chain[0].type == "ValueError" && chain[0].message == "bad cart")
    #expect(
      chain[0].stack == [
        StackFrame(path: "/app/cart.py", line: 12, label: "load"),
        StackFrame(path: "/app/main.py", line: 30, label: "handler"),
      ])
    #expect(chain[1].type == "KeyError" && chain[1].message == "'k'")
    #expect(chain[1].stack == [StackFrame(path: "/app/db.py", line: 7, label: "read")])
    #expect(chain[0].cause == chain[1].id && chain[1].cause == nil)
    #expect(Set(chain.map(\.id)).count == 2)
  }

  @Test func `is a Java exception with those that caused it`() throws {
    let chain = try exceptions(
      """
      java.lang.IllegalStateException: bad cart
      \tat app//shop.Cart.load(Cart.java:12)
      \tat shop.Main.main(Main.java)
      Caused by: java.io.IOException: disk: full
      \tat shop.Disk.write(Native Method)
      \t... 2 more
      """)
    #expect(chain.count == 2)
    #expect(chain[0].stack.first == StackFrame(path: "Cart.java", line: 12, label: "app//shop.Cart.load"))
    #expect(chain[0].stack.last == StackFrame(path: "Main.java", line: nil, label: "shop.Main.main"))
    #expect(chain[1].type == "java.io.IOException" && chain[1].message == "disk: full")
  }

  @Test func `is a JavaScript error`() throws {
    let chain = try exceptions(
      "Error: bad cart\n    at load (/app/cart.js:12:9)\n    at async /app/main.js:3:1\n    at node:internal/x:5:6")
    #expect(
      chain.first?.stack == [
        StackFrame(path: "/app/cart.js", line: 12, label: "load"),
        StackFrame(path: "async /app/main.js", line: 3, label: nil),
        StackFrame(path: "node:internal/x", line: 5, label: nil),
      ])
  }

  @Test func `is a .NET exception`() throws {
    let chain = try exceptions(
      "System.Exception: bad\n   at Shop.Cart.Load(String id) in /src/Cart.cs:line 12\n   at Shop.Main.Run(String id)")
    #expect(
      chain.first?.stack == [
        StackFrame(path: "/src/Cart.cs", line: 12, label: "Shop.Cart.Load(String id)"),
        StackFrame(path: nil, line: nil, label: "Shop.Main.Run(String id)"),
      ])
  }

  @Test func `keeps the lines of a form that is not known`() throws {
    let chain = try exceptions((0..<60).map { "frame \($0)" }.joined(separator: "\n"), kind: 3)
    #expect(chain.first?.stack.first == StackFrame(path: nil, line: nil, label: "frame 0"))
    #expect(chain.first?.stack.count == 50 && chain.first?.truncated == 10)
    #expect(chain.first?.isRemote == true)
  }

  @Test func `is the message of its status when there is no exception`() throws {
    let entity = try Sample.entity(["status": ["code": 2, "message": "no stock"]])
    guard case .exceptions(let detail)? = entity.cause else {
      Issue.record("no cause")
      return
    }
    #expect(detail.exceptions.map(\.message) == ["no stock"])
    #expect(try Sample.entity(["status": ["code": 1, "message": "no stock"]]).cause == nil)
  }

  @Test func `keeps what else an exception's event says`() throws {
    let event: JSONValue = [
      "name": "exception", "attributes": Sample.keyValues(["exception.type": "E", "exception.escaped": true]),
    ]
    let entity = try Sample.entity(["events": [event]])
    #expect(entity.metadata["otel"]?["events"]?[0]?["attributes"] == ["exception.escaped": true])
  }
}
