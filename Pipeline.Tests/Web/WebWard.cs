using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;
using Pipeline.Host.Demo;
using Pipeline.Host.Networks;
using Pipeline.Host.Store;
using Pipeline.Host.Web;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Web;

/// <summary>
/// The product's web server over a ward whose estimates a test gives. Alarms are those of the product's engine: commands from the pages are applied to it, as a patient's actor does.
/// </summary>
internal sealed class WebWard : IAsyncDisposable
{
    /// <summary>The password of everybody in the users file.</summary>
    public const string Password = "correct horse battery";

    // Hashing a password takes a while on purpose: once for all tests.
    private static readonly Lazy<(string File, IReadOnlyDictionary<string, string> Tokens)> Users = new(() =>
    {
        var (users, tokens) = (UsersFile.Parse(""), new Dictionary<string, string>());
        foreach (var role in Role.Rights.Keys)
        {
            users = users.WithPerson(role, role, Password);
            (users, tokens[role]) = users.WithMachine($"{role} machine", role);
        }
        return (users.ToString(), tokens);
    });

    private readonly LocalActors _actors = new();
    private readonly TemporaryFolder _folder = new();
    private readonly AlarmRules _rules = new() { LimitDelay = TimeSpan.FromSeconds(4) };
    private readonly ConcurrentDictionary<PatientId, AlarmEngine> _engines = new();
    private readonly ConcurrentBag<HttpClient> _clients = [];
    private readonly Lock _sync = new();
    private DemoPage? _page;

    private WebWard() => Tap = new SampleTap(TimeProvider.System);

    /// <summary>The newest estimates.</summary>
    public LatestValues Latest { get; } = new();

    /// <summary>The signals.</summary>
    public SampleTap Tap { get; }

    /// <summary>Folder of the store, of the users file and of the audit.</summary>
    public string Folder => _folder.Path;

    /// <summary>What was sent to the patients' alarms.</summary>
    public ConcurrentQueue<(PatientId Patient, AlarmCommand Command)> Sent { get; } = new();

    /// <summary>Address of the pages.</summary>
    public Uri Url => new(_page!.Url);

    /// <summary>The web server's parts.</summary>
    public IServiceProvider Services => _page!.Services;

    /// <summary>The users file: one person a role, named as it, and a machine a role, whose token is its answer.</summary>
    public static async Task<(WebWard Ward, IReadOnlyDictionary<string, string> Tokens)> StartWithUsersAsync(Action<AccessOptions>? change = null, OpenIdOptions? openId = null)
    {
        var (users, tokens) = Users.Value;
        var ward = new WebWard();
        PrivateFile.Write(Path.Combine(ward.Folder, "users.json"), users);
        PrivateFile.Write(Path.Combine(ward.Folder, "names.json"), """{"w1/b1":"Room 3, window"}""");
        var access = new AccessOptions
        {
            UsersFile = Path.Combine(ward.Folder, "users.json"),
            NamesFile = Path.Combine(ward.Folder, "names.json"),
            AuditFile = Path.Combine(ward.Folder, "audit.jsonl"),
            SignInsPerMinute = 1_000,
        };
        change?.Invoke(access);
        await ward.ServeAsync(access, openId);
        return (ward, tokens);
    }

    /// <summary>Open to this machine, as a demo.</summary>
    public static async Task<WebWard> StartAsync()
    {
        var ward = new WebWard();
        await ward.ServeAsync(new AccessOptions(), null);
        return ward;
    }

    /// <summary>A client without a session.</summary>
    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Url };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _clients.Add(client);
        return client;
    }

    /// <summary>A client with a session, and its antiforgery token in each request.</summary>
    public async Task<HttpClient> SignInAsync(string name, string password = Password)
    {
        var client = Client();
        await TakeCsrfTokenAsync(client);
        using var answer = await client.PostAsJsonAsync("/api/session", new { name, password });
        answer.EnsureSuccessStatusCode();
        await TakeCsrfTokenAsync(client);
        return client;
    }

    /// <summary>Takes the antiforgery token of a client's session.</summary>
    public static async Task<JsonElement> TakeCsrfTokenAsync(HttpClient client)
    {
        var session = await client.GetFromJsonAsync<JsonElement>("/api/session");
        client.DefaultRequestHeaders.Remove(AccessSetup.CsrfHeader);
        client.DefaultRequestHeaders.Add(AccessSetup.CsrfHeader, session.GetProperty("csrf").GetString());
        return session;
    }

    /// <summary>A patient's heart rate for some seconds up to now, window by window; null: none that is usable.</summary>
    public Task ShowAsync(string patient, string bed, double? rate, int seconds = 20, Metric metric = Metric.HeartRate, string ward = "w1")
    {
        var (id, now) = (new PatientId(patient), Timestamp.From(TimeProvider.System.GetUtcNow()));
        var engine = _engines.GetOrAdd(id, _ => new AlarmEngine(_rules));
        var (points, changes) = (new List<VitalPoint>(), new List<AlarmChange>());
        for (var second = -seconds; second <= 0; second += 2)
        {
            var estimate = new Estimate(
                metric == Metric.HeartRate ? SignalKind.Ecg : SignalKind.FetalHeartRate, metric, rate ?? double.NaN, rate is null ? double.NaN : 1.2, rate is null ? 0.1 : 0.93, 1,
                rate is null ? EstimateStatus.LowQuality : EstimateStatus.Ok, "classical");
            var end = now.AddSeconds(second);
            engine.Take("monitor", end, estimate);
            engine.Judge(ward, bed, changes);
            points.Add(new VitalPoint(new Origin("samples", 0, points.Count), id, ward, bed, "monitor", 1, now.UnixNanoseconds / 2_000_000_000 + second, end.AddSeconds(-8), end, estimate));
        }
        return WriteAsync(id, engine, [.. points, .. changes.Select(change => PointOf(id, engine, change))]);
    }

    /// <summary>Some seconds of a signal from now on, as a device sends them.</summary>
    public void Publish(string patient, SignalKind kind = SignalKind.Ecg, int count = 250) => Tap.TryPublish(
        Chunks.Of(0, count, patient, "monitor", rateHz: 250, channels: new ChannelLayout(new Channel("II", kind, "mV")), time: Timestamp.From(TimeProvider.System.GetUtcNow())));

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await _page!.DisposeAsync();
        await _actors.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The network that ships, once for all wards.</summary>
    private static readonly Lazy<RateModel?> Network = new(() => ModelCatalog.Open("heart-rate"));

    private async Task ServeAsync(AccessOptions access, OpenIdOptions? openId)
    {
        var reader = _actors.Read(new LocalReadings(Latest, Tap, () => Task.FromResult(new ProcessStatus([], []))), TimeProvider.System);
        var site = new WardSite(() => reader, () => new SegmentHistory(Folder), SendAsync, StretchAsync, () => Network.Value, _rules, TimeProvider.System);
        _page = await DemoPage.StartAsync(new WebOptions { Urls = "http://127.0.0.1:0" }, access, openId ?? new OpenIdOptions(), site, CancellationToken.None);
    }

    // Its devices sent a simulated bed's signals all the time.
    private static Task<IReadOnlyList<SampleChunk>> StretchAsync(PatientId patient, DateTimeOffset from, DateTimeOffset to, CancellationToken stop)
    {
        var bed = new SimulatedBed(new BedScenario { Patient = patient, Bed = "b1", Ward = "w1", Seed = 1, Start = Timestamp.From(from), HasAbp = false, EcgLeadCount = 1, Faults = DeviceFaults.Usual });
        var chunks = new List<SampleChunk>();
        for (var second = 0; second < (to - from).TotalSeconds; second++)
            bed.Next(chunks, isLast: false);
        return Task.FromResult<IReadOnlyList<SampleChunk>>(chunks);
    }

    private Task SendAsync(PatientId patient, AlarmCommand command, CancellationToken stop)
    {
        Sent.Enqueue((patient, command));
        var (engine, changes) = (_engines.GetOrAdd(patient, _ => new AlarmEngine(_rules)), new List<AlarmChange>());
        return engine.Apply(command, changes) is null ? WriteAsync(patient, engine, [.. changes.Select(change => PointOf(patient, engine, change))]) : Task.CompletedTask;
    }

    private static VitalPoint PointOf(PatientId patient, AlarmEngine engine, AlarmChange change) => new(
        new Origin("samples", 0, 0), patient, engine.Ward, engine.Bed, "", 1, 0, change.At, new Timestamp(change.At.UnixNanoseconds / 1_000_000 * 1_000_000 + change.Sequence),
        new Estimate(SignalKind.Unknown, Metric.Alarm, change.Open.Count, double.NaN, 1, 1, EstimateStatus.Ok, "classical"))
    {
        Alarm = change,
    };

    private async Task WriteAsync(PatientId patient, AlarmEngine engine, VitalPoint[] points)
    {
        var lines = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var point in points)
            LineProtocol.Append(point, lines);
        lock (_sync)
            using (var segment = new FileStream(Path.Combine(Folder, "vitals-20260701T080000000Z-00000001.lp"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
                segment.Write(lines.WrittenSpan);
        await Latest.WriteAsync(Points.Batch(points), CancellationToken.None);
    }
}
