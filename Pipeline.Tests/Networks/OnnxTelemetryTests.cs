using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Pipeline.Models.Packages;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>ONNX Runtime is told to report nothing before it begins.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class OnnxTelemetryTests
{
    [Fact]
    public void A_session_is_only_made_where_native_code_reads_that_nothing_is_reported()
    {
        using var options = OnnxDevice.OptionsFor(OnnxDevice.Cpu, threads: 1);

        Assert.Equal("1", Marshal.PtrToStringUTF8(ReadVariable(OnnxTelemetry.Variable)));
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ReadVariable(string name);
}
