using System.Diagnostics;
using System.Runtime.InteropServices;
using Pipeline.Host.Kafka;

namespace Pipeline.Tests.Support;

/// <summary>The product's program as a process of its own, as an operator starts it.</summary>
internal sealed partial class HostProcess : IDisposable
{
    private const int SigTerm = 15;
    private readonly Process _process;
    private readonly Task<string> _output, _error;

    /// <summary>Starts it with these arguments.</summary>
    public HostProcess(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(KafkaOptions).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _process = Process.Start(start) ?? throw new InvalidOperationException("dotnet does not start");
        (_output, _error) = (_process.StandardOutput.ReadToEndAsync(), _process.StandardError.ReadToEndAsync());
    }

    /// <summary>Sends SIGTERM.</summary>
    public void Terminate() => Assert(Kill(_process.Id, SigTerm) == 0, "kill");

    /// <summary>Waits for its end.</summary>
    public async Task<(int Exit, string Output, string Error)> EndAsync(TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(late.Token);
        return (_process.ExitCode, await _output, await _error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static void Assert(bool isSo, string what)
    {
        if (!isSo)
            throw new InvalidOperationException($"{what}: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
