using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Benchmarks.Store;

/// <summary>
/// Debian's InfluxDB 1.6 as a process of its own over the data in a folder, on 127.0.0.1. Environment variable <c>PIPELINE_INFLUXD1</c> names the
/// program (<c>./pipeline</c> sets it); else it is <c>influxd</c> on the PATH.
/// </summary>
internal sealed class Influx1Process : IDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private static readonly string? Program = Environment.GetEnvironmentVariable("PIPELINE_INFLUXD1") is { Length: > 0 } named
        ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "influxd")).FirstOrDefault(File.Exists);

    private readonly Process _process;

    private Influx1Process(Process process, Uri url) => (_process, Url) = (process, url);

    /// <summary>Whether the program is on this machine.</summary>
    public static bool IsInstalled => Program is not null;

    public Uri Url { get; }

    /// <summary>Starts it and waits until it listens; <paramref name="port"/> 0 takes a free one.</summary>
    /// <exception cref="InvalidOperationException">It ended instead, or is not on this machine.</exception>
    /// <exception cref="TimeoutException">It does not come up.</exception>
    public static async Task<Influx1Process> StartAsync(string folder, int port, bool withUsers)
    {
        var configuration = Path.Combine(folder, "influxdb.conf");
        await File.WriteAllTextAsync(configuration, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:0"
            [meta]
              dir = "{folder}/meta"
            [data]
              dir = "{folder}/data"
              wal-dir = "{folder}/wal"
              query-log-enabled = false
            [monitor]
              store-enabled = false
            [subscriber]
              enabled = false
            [http]
              bind-address = "127.0.0.1:{port}"
              auth-enabled = {(withUsers ? "true" : "false")}
              log-enabled = false
            """);
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var program = Program ?? throw new InvalidOperationException("There is no influxd on the PATH.");
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, ["run", "-config", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true },
        };
        process.ErrorDataReceived += (_, line) =>
        {
            const string Address = "addr=127.0.0.1:";
            if (line.Data is null)
                listening.TrySetException(new InvalidOperationException("influxd ended"));
            else if (line.Data.Contains("Listening on HTTP", StringComparison.Ordinal))
                listening.TrySetResult(int.Parse(line.Data[(line.Data.IndexOf(Address, StringComparison.Ordinal) + Address.Length)..].Split(' ')[0], CultureInfo.InvariantCulture));
        };
        process.OutputDataReceived += (_, _) => { };
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new Influx1Process(process, new Uri($"http://127.0.0.1:{await listening.Task.WaitAsync(LongestStart)}"));
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
