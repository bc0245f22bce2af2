using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Benchmarks.Ward;

/// <summary>A real broker of the benchmark's own, from the script beside the repository.</summary>
internal sealed class BenchBroker : IAsyncDisposable
{
    private readonly string _script;
    private readonly string _folder;
    private readonly int _process;

    private BenchBroker(string script, string folder, string bootstrapServers, int process)
    {
        (_script, _folder, _process) = (script, folder, process);
        BootstrapServers = bootstrapServers;
    }

    public string BootstrapServers { get; }

    /// <summary>CPU time of the broker so far, user and system, in steps of 10 ms.</summary>
    public double CpuSeconds
    {
        get
        {
            // After the name in brackets: state, then utime and stime are the 12th and 13th, in ticks of 1/100 s.
            var line = File.ReadAllText($"/proc/{_process}/stat");
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
    }

    public static string? FindScript()
    {
        var named = Environment.GetEnvironmentVariable("PIPELINE_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); named is null && folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
                named = Path.Combine(folder.FullName, "..", "shared");
        var script = named is null ? null : Path.GetFullPath(Path.Combine(named, "servers", "kafka"));
        return File.Exists(script) ? script : null;
    }

    /// <summary>What the segments of a topic take on the disk.</summary>
    public long BytesOf(string topic) => Directory.EnumerateDirectories(_folder, $"{topic}-*", SearchOption.AllDirectories).Sum(BytesIn);

    public static async Task<BenchBroker> StartAsync(string script, CancellationToken stop, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        await RunAsync(
            script, stop, ["start", "--brokers", "1", "--port", "0", "--heap", "512m", "--dir", folder, "--parent", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            .. settings.SelectMany(setting => new[] { "--set", setting })]);
        var servers = File.ReadLines(Path.Combine(folder, "env")).Single(line => line.StartsWith("KAFKA_PLAIN=", StringComparison.Ordinal))["KAFKA_PLAIN=".Length..];
        return new BenchBroker(script, folder, servers, FindProcess(folder));
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(_script, CancellationToken.None, "stop", "--kill", "--clean", "--dir", _folder);
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Bytes of the segments that are there: the cleaner deletes and renames some meanwhile.</summary>
    private static long BytesIn(string partition)
    {
        var bytes = 0L;
        foreach (var segment in new DirectoryInfo(partition).EnumerateFiles("*.log"))
        {
            try
            {
                bytes += segment.Length;
            }
            catch (FileNotFoundException)
            {
                // Gone since it was listed.
            }
        }
        return bytes;
    }

    /// <summary>The Java process whose command line names the folder.</summary>
    private static int FindProcess(string folder)
    {
        foreach (var process in Process.GetProcessesByName("java"))
            using (process)
                if (File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(folder, StringComparison.Ordinal))
                    return process.Id;
        throw new InvalidOperationException($"No broker runs in {folder}.");
    }

    private static async Task RunAsync(string script, CancellationToken stop, params string[] arguments)
    {
        // Into nothing: the broker that it leaves running would keep a pipe open.
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", "\"$0\" \"$@\" > /dev/null 2>&1", script, .. arguments]))
            ?? throw new InvalidOperationException("bash does not start.");
        await process.WaitForExitAsync(stop);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
