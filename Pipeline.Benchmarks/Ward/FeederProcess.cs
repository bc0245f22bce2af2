using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Benchmarks.Ward;

/// <summary>The <see cref="WardFeeder"/> as seen from the benchmark.</summary>
internal sealed class FeederProcess : IDisposable
{
    private readonly Process _process;

    private FeederProcess(Process process) => _process = process;

    /// <summary>Address of its broker.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>Records that it has published, or will.</summary>
    public required long RecordCount { get; init; }

    /// <summary>Samples in them.</summary>
    public required long SampleCount { get; init; }

    /// <summary>CPU seconds that it took to load the backlog: the devices' producer and the broker's taking.</summary>
    public required double LoadCpuSeconds { get; init; }

    /// <summary>Starts it and waits until everything is serialised (and, without stamps, loaded).</summary>
    public static async Task<FeederProcess> StartAsync(FeedRequest request, CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(FeederProcess).Assembly.Location);
        start.ArgumentList.Add(WardFeeder.Argument);
        foreach (var argument in request.ToArguments())
            start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        var said = (await process.StandardOutput.ReadLineAsync(stop))?.Split(' ');
        if (said is not ["ready", var servers, var records, var samples, var cpu])
            throw new InvalidOperationException("The feeder did not get ready: its error is above.");
        return new FeederProcess(process)
        {
            BootstrapServers = servers,
            RecordCount = long.Parse(records, CultureInfo.InvariantCulture),
            SampleCount = long.Parse(samples, CultureInfo.InvariantCulture),
            LoadCpuSeconds = double.Parse(cpu, CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Lets it publish in real time.</summary>
    public void Go() => _process.StandardInput.WriteLine("go");

    /// <summary>Ends it once it has published everything; its CPU seconds (broker and producer) since it was ready.</summary>
    public async Task<double> EndAsync(CancellationToken stop)
    {
        await _process.StandardInput.WriteLineAsync("end");
        var said = (await _process.StandardOutput.ReadLineAsync(stop))?.Split(' ');
        await _process.WaitForExitAsync(stop);
        return said is ["done", var cpu] ? double.Parse(cpu, CultureInfo.InvariantCulture) : double.NaN;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
