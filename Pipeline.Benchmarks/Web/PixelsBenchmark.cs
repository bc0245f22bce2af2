using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Demo;
using Pipeline.Host.Kafka;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Web;

/// <summary>
/// How long after a sample was measured it is a pixel of the ward's page: monitors send an ECG lead whose level changes each 2 s on the second, through Kafka, the service in a process of its own and a real
/// browser; a hook in the page notes when a strip is drawn whose newest point has the new level, and the frame after, when it is on the screen. The page's CPU is taken before, without the hook.
/// </summary>
internal sealed class PixelsBenchmark : IBenchmark
{
    private const double RateHz = 250;
    private const int HalfPeriod = 2, Partitions = 8;
    private static readonly TimeSpan Chunk = TimeSpan.FromMilliseconds(200);

    // The level at a strip's right edge, seen at its line's last point: a beat's mark has but one.
    private const string Hook = """
        (() => {
          const drawn = window.drawn = { edges: [], frames: 0 }, levels = new WeakMap(), page = CanvasRenderingContext2D.prototype;
          const { beginPath, lineTo, stroke } = page;
          let points = 0, last = 0;
          page.beginPath = function () { points = 0; beginPath.call(this); };
          page.lineTo = function (x, y) { points++; last = y; lineTo.call(this, x, y); };
          page.stroke = function () {
            stroke.call(this);
            if (this.canvas.className !== "strip" || points < 10)
              return;
            drawn.frames++;
            const isHigh = last < this.canvas.clientHeight / 2, before = levels.get(this.canvas);
            levels.set(this.canvas, isHigh);
            if (before !== undefined && before !== isHigh)
              requestAnimationFrame(() => drawn.edges.push(isHigh ? Date.now() : -Date.now()));
          };
        })();
        """;

    public string Name => "ward-pixels";

    public string Summary => "200 beds that send each 200 ms, the ward page in headless Chromium (1,920 x 1,080): a sample's time to its pixel, CPU of the browser";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (Chromium.Find() is not { } path)
        {
            report.Remark("left out: no Chromium; install the package chromium, or name one in PIPELINE_CHROMIUM");
            return;
        }
        var (beds, settle, measured) = report.Quick ? (16, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(6)) : (200, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-");
        using var broker = new EmbeddedBroker();
        var kafka = broker.Prepare(new KafkaOptions { Partitions = Partitions });
        var page = new Uri($"http://127.0.0.1:{ViewersBenchmark.FreePort()}");
        using var service = Start(kafka, page, folder.FullName);
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var sending = SendAsync(beds, kafka, end.Token);
            using (var http = new HttpClient { BaseAddress = page })
                await ViewersBenchmark.WaitForAsync(http, beds, stop);
            await using var browser = await Chromium.StartAsync(path, 1920, 1080, stop);
            await browser.OpenAsync(page, null, stop);
            await Task.Delay(settle, stop);
            var (before, clock) = (browser.CpuSeconds, Stopwatch.StartNew());
            await Task.Delay(measured, stop);
            report.Add("browser_cores", (browser.CpuSeconds - before) / clock.Elapsed.TotalSeconds, "1", new Reference("promised at most", 1));

            await browser.OpenAsync(page, Hook, stop);
            await Task.Delay(settle, stop);
            await browser.EvaluateAsync("drawn.edges.length = drawn.frames = 0", stop);
            await Task.Delay(measured, stop);
            var edges = (await browser.EvaluateAsync("drawn.edges", stop))!.AsArray().Select(edge => (double)edge!).Select(Delay).Order().ToArray();
            var strips = (double)(await browser.EvaluateAsync("document.querySelectorAll('.tile').values().filter(one => one.tile.isSeen).toArray().length", stop))!;
            report.Add("sample_to_pixel_p50", edges[edges.Length / 2], "ms");
            report.Add("sample_to_pixel_p99", edges[(int)(0.99 * edges.Length)], "ms", new Reference("promised at most", 500));
            report.Add("strips_seen", strips, "1");
            report.Add("frames_per_second", (double)(await browser.EvaluateAsync("drawn.frames", stop))! / strips / measured.TotalSeconds, "1/s");
            report.Remark($"{edges.Length:N0} changes of level seen");
            await end.CancelAsync();
            await sending;
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            await service.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Milliseconds from the newest change to the level that was seen (positive: the high one), to when it was.</summary>
    private static double Delay(double seen)
    {
        const double Period = 2_000 * HalfPeriod;
        return (Math.Abs(seen) - (seen > 0 ? 0 : Period / 2)) % Period;
    }

    private static Process Start(KafkaOptions kafka, Uri page, string folder)
    {
        string[] settings =
        [
            $"Kafka:BootstrapServers={kafka.BootstrapServers}", $"Kafka:Partitions={Partitions}", $"Kafka:CheckpointFolder={folder}/checkpoints",
            .. kafka.ConsumerProperties.Select(property => $"Kafka:ConsumerProperties:{property.Key}={property.Value}"),
            $"Store:Directory={folder}/store", $"Web:Urls={page}", "Access:Open=ThisMachine", "Logging:LogLevel:Default=Warning",
        ];
        var start = new ProcessStartInfo("dotnet", [typeof(DemoRun).Assembly.Location, "run", .. settings.SelectMany(setting => new[] { "--set", setting })]) { RedirectStandardOutput = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        process.OutputDataReceived += (_, said) => Console.Error.WriteLine(said.Data);
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Each bed's samples of the last 200 ms when these are over, the beds spread over that time.</summary>
    private static async Task SendAsync(int beds, KafkaOptions kafka, CancellationToken end)
    {
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        var began = TimeProvider.System.GetUtcNow();
        try
        {
            for (var number = 0L; ; number++)
            {
                var due = began + (number / beds + 1) * Chunk + (number % beds) * Chunk / beds;
                if (due - TimeProvider.System.GetUtcNow() is var wait && wait > TimeSpan.FromMilliseconds(1))
                    await Task.Delay(wait, end);
                await publisher.PublishAsync(ChunkOf((int)(number % beds), number / beds, due - Chunk), end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The page has been measured.
        }
    }

    private static SampleChunk ChunkOf(int bed, long number, DateTimeOffset from)
    {
        var count = (int)(RateHz * Chunk.TotalSeconds);
        var samples = new short[count];
        for (var i = 0; i < count; i++)
            samples[i] = (short)((from - DateTimeOffset.UnixEpoch).TotalSeconds + i / RateHz is var second && (long)second / HalfPeriod % 2 == 0 ? 1_000 : 0);
        return new SampleChunk
        {
            Patient = new PatientId($"bench-{bed:00000}"),
            Bed = $"bed-{bed:0000}",
            Ward = "bench",
            Device = "monitor",
            Epoch = 1,
            RateHz = RateHz,
            FirstSampleIndex = number * count,
            FirstSampleTime = Timestamp.From(from),
            Channels = new ChannelLayout(new Channel("II", SignalKind.Ecg, "mV", 1_000)),
            SampleCount = count,
            Format = SampleFormat.Int16,
            Samples = MemoryMarshal.AsBytes(samples.AsSpan()).ToArray(),
        };
    }
}
