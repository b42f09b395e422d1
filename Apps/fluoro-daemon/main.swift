import DaemonOptions
import DaemonProgram

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

exit(await DaemonProgram(.process(program: "fluoro-daemon", version: "0.1.0")).run())
