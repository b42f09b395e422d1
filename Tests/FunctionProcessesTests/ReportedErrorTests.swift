import LambdaEmitter
import Testing
import XRayModel

@testable import FunctionProcesses

@Suite struct `An error that a runtime reports` {
  @Test(arguments: [
    ("Runtime.HandlerNotFound", "Runtime.HandlerNotFound"), ("Function.Broken", "Function.Broken"),
    ("Function.broken", "Function.Unknown"), ("Function.B", "Function.Unknown"), ("Function.", "Function.Unknown"),
    ("Runtime.Exit1", "Runtime.Unknown"), ("ValueError", "Runtime.Unknown"), ("", "Runtime.Unknown"),
    ("Runtime.A.B", "Runtime.Unknown"),
  ])
  func `has a type of the header that Lambda accepts`(header: String, type: String) {
    #expect(ReportedError.error(body: [], type: header, cause: nil).type == type)
  }

  @Test func `has the type and message of its body first`() {
    let body = Array(#"{"errorType":"E","errorMessage":"m","stackTrace":["a",1,"b"]}"#.utf8)
    let error = ReportedError.error(body: body, type: "Runtime.Other", cause: nil)
    #expect(error.type == "E")
    #expect(error.message == "m")
    #expect(error.stack.map(\.label) == ["a", "b"])
    #expect(error.body == body)
  }

  @Test(arguments: ["plain text", "[1]", "{\"errorMessage\":"])
  func `of another form is its message`(body: String) {
    let error = ReportedError.error(body: Array(body.utf8), type: nil, cause: nil)
    #expect(error.message == body)
    #expect(error.type == "Runtime.Unknown")
  }

  @Test(arguments: [
    "", "{", "[]", "{}", #"{"other":1}"#, #"{"paths":[],"exceptions":[],"working_directory":"","message":""}"#,
    String(repeating: "[", count: 100_000), "{\"message\":\"" + String(repeating: "x", count: 1 << 20) + "\"}",
  ])
  func `has no cause when the header tells none`(header: String) {
    #expect(ReportedError.detail(header) == nil)
  }

  @Test func `keeps what is known of its cause`() throws {
    let header = #"""
      {"working_directory":"/w","message":"m","paths":["p",1],"exceptions":[{"type":"T","extra":1},2,
      {"message":"x","stack":[{"path":"p","line":3,"label":"f","more":true},4]}]}
      """#
    let detail = try #require(ReportedError.detail(header))
    #expect(detail.workingDirectory == "/w")
    #expect(detail.message == "m")
    #expect(detail.paths == ["p"])
    #expect(detail.exceptions.map(\.type) == ["T", nil])
    #expect(detail.exceptions[1].stack == [StackFrame(path: "p", line: 3, label: "f")])
  }
}
