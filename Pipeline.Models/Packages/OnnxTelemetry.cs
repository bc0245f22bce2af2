using System.Runtime.InteropServices;

namespace Pipeline.Models.Packages;

/// <summary>
/// ONNX Runtime reports sessions, models and errors to its maker, and keeps an identifier of the machine in the user's cache folder
/// (version 1.31, on Linux). A ward's machine reports to nobody.
/// </summary>
internal static partial class OnnxTelemetry
{
    /// <summary>Read once, when ONNX Runtime begins: then no uploader, event, identifier or cache is made.</summary>
    internal const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>
    /// Takes effect when no session has been made in this process. On Windows telemetry is the system's (ETW), and its settings decide.
    /// </summary>
    internal static void Forbid()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        // Native code reads the process's own variables, which .NET does not change on Unix.
        if (!OperatingSystem.IsWindows())
            _ = SetVariable(Variable, "1", 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
