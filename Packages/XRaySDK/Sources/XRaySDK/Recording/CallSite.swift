import XRayModel

/// Where in the program something was recorded; the one frame of a captured error's stack.
package struct CallSite: Sendable {
  var file: String
  var line: Int
  var function: String

  package init(file: String, line: Int, function: String) {
    self.file = file
    self.line = line
    self.function = function
  }

  var frame: StackFrame { StackFrame(path: file, line: line, label: function) }
}
