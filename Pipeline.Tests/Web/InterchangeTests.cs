// Every element of the SDK's resources may be null: a test that meets one fails.
#nullable disable warnings
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Firely.Fhir.Validation;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Specification.Source;
using Hl7.Fhir.Specification.Terminology;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Interchange;
using Pipeline.Host.Web;
using Pipeline.Tests.Support;
using Xunit;
using Task = System.Threading.Tasks.Task;

namespace Pipeline.Tests.Web;

/// <summary>Values in the forms of other systems: FHIR R4, validated against the specification, and HL7 v2.</summary>
public sealed class InterchangeTests : IDisposable
{
    private static readonly DateTimeOffset At = Points.Start.ToDateTimeOffset();
    private static readonly JsonSerializerOptions Json = new JsonSerializerOptions().ForFhir(ModelInfo.ModelInspector);

    // The specification's profiles and value sets take seconds to read: once.
    private static readonly Lazy<Validator> Specification = new(() =>
    {
        var source = new CachedResolver(ZipSource.CreateValidationSource());
        return new Validator(source, new LocalTerminologyService(source));
    });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_FHIR_client_is_answered_is_valid_by_the_specification()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync();
        await using var _ = ward;
        await ward.ShowAsync("P1", "b1", 165, 60);
        await ward.ShowAsync("P2", "b2", null, 10);
        var client = ward.Client(tokens["scientist"]);
        var now = TimeProvider.System.GetUtcNow();

        var newest = await BundleAsync("/fhir/Observation?patient=P1");
        var absent = await BundleAsync("/fhir/Observation?patient=Patient/P2&code=http://loinc.org|8867-4");
        var stored = await BundleAsync($"/fhir/Observation?patient=P1&code=8867-4&date=ge{now.AddMinutes(-30):yyyy-MM-ddTHH:mm:ssZ}&date=lt{now.AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}&_count=1000");
        var strip = await BundleAsync($"/fhir/Observation?patient=P1&code=131328&date=ge{now.AddSeconds(-10):yyyy-MM-ddTHH:mm:ssZ}&date=lt{now:yyyy-MM-ddTHH:mm:ssZ}");
        var none = await BundleAsync("/fhir/Observation?patient=P1&code=no-such");
        var capabilities = await ReadAsync<CapabilityStatement>("/fhir/metadata", HttpStatusCode.OK);
        var fault = await ReadAsync<OperationOutcome>("/fhir/Observation?patient=P1&date=yesterday", HttpStatusCode.BadRequest);

        var observation = Assert.Single(newest);
        Assert.Equal(["8867-4", "147842", "heart_rate"], observation.Code.Coding.Select(code => code.Code));
        Assert.Equal((165m, "/min", "http://unitsofmeasure.org"), (((Quantity)observation.Value).Value, ((Quantity)observation.Value).Code, ((Quantity)observation.Value).System));
        Assert.Equal(("P1", "monitor"), (observation.Subject.Identifier.Value, observation.Device.Display));
        Assert.Equal([("std-dev", 1.2m), ("quality", 93m)], observation.Component.Select(one => (one.Code.Coding[0].Code, ((Quantity)one.Value).Value ?? 0)));
        Assert.Equal(("not-performed", null), (Assert.Single(absent).DataAbsentReason.Coding[0].Code, absent[0].Value));
        Assert.InRange(stored.Count, 25, 32);
        Assert.All(stored, one => Assert.Equal(165m, ((Quantity)one.Value).Value));
        var samples = Assert.IsType<SampledData>(Assert.Single(strip).Value);
        Assert.Equal(10_000m, samples.Period * samples.Data.Split(' ').Length);
        Assert.Empty(none);
        Validate(capabilities);
        Validate(fault);

        async Task<IReadOnlyList<Observation>> BundleAsync(string path)
        {
            var bundle = await ReadAsync<Bundle>(path, HttpStatusCode.OK);
            Validate(bundle);
            return [.. bundle.Entry.Select(entry => Assert.IsType<Observation>(entry.Resource))];
        }

        async Task<T> ReadAsync<T>(string path, HttpStatusCode status) where T : Resource
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal((status, "application/fhir+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            return JsonSerializer.Deserialize<T>(await answer.Content.ReadAsStringAsync(), Json)!;
        }
    }

    [Fact]
    public void A_strip_keeps_its_samples_to_a_step_and_says_which_are_missing()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 500).Select(i => i % 50 == 0 ? float.NaN : (float)(random.NextDouble() * 3 - 1))];

        var samples = (SampledData)FhirObservations.OfSamples("P1", "monitor", "II", "ecg", "mV", At, 250, values).Value;

        var read = samples.Data.Split(' ');
        Assert.Equal(4, samples.Period);
        for (var i = 0; i < values.Length; i++)
            Assert.True(float.IsNaN(values[i]) ? read[i] == "E" : Math.Abs((double)(samples.Origin.Value + samples.Factor * decimal.Parse(read[i], System.Globalization.CultureInfo.InvariantCulture))! - values[i]) < 1e-4);
    }

    [Fact]
    public void A_message_of_HL7_v2_has_a_segment_a_value_and_no_name_breaks_it()
    {
        Measured[] values =
        [
            new("P|1", "mon^1", "ecg", "heart_rate", "/min", At, 72.25, 1.2, 0.9, "ok", "classical"),
            new("P|1", "mon^1", "ppg", "heart_rate", "/min", At, null, null, 0.1, "low_quality", "classical"),
            new("P|1", "mon^1", "ecg", "rmssd", "ms", At, 30, null, null, "ok", ""),
        ];

        var segments = Hl7Message.Of(values, "W&1", At, "7").Split('\r', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(
        [
            "MSH|^~\\&|PIPELINE|W\\T\\1|||20260701080000.000+0000||ORU^R01^ORU_R01|7|P|2.6|||AL|NE||UNICODE UTF-8",
            "PID|1||P\\F\\1^^^PIPELINE^PI",
            "OBR|1||7^PIPELINE|182777000^monitoring of patient^SCT|||20260701080000.000+0000",
            "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC^8867-4^Heart rate^LN|1.1|72.25|264864^MDC_DIM_BEAT_PER_MIN^MDC^/min^/min^UCUM|||0.9||R|||20260701080000.000+0000|||classical|mon\\S\\1",
            "OBX|2||149530^MDC_PULS_OXIM_PULS_RATE^MDC^8867-4^Heart rate^LN|1.2||264864^MDC_DIM_BEAT_PER_MIN^MDC^/min^/min^UCUM||low_quality|0.1||X|||20260701080000.000+0000|||classical|mon\\S\\1",
            "OBX|3|NM|rmssd^rmssd^99PIPELINE|1.3|30|264338^MDC_DIM_MILLI_SEC^MDC^ms^ms^UCUM|||||R|||20260701080000.000+0000||||mon\\S\\1",
        ], segments);
    }

    [Fact]
    public async Task The_newest_values_are_pushed_once_each_and_again_when_a_receiver_was_away()
    {
        var (bodies, refuse) = (new BlockingCollection<string>(), true);
        await using var server = await ReceiverAsync(async request =>
        {
            var body = await new StreamReader(request.Body).ReadToEndAsync();
            var answer = refuse ? Results.StatusCode(503) : Results.Ok();
            bodies.Add(body); // after the choice: whoever takes the body changes the next one
            return answer;
        });
        var (time, latest) = (new ManualTimeProvider(), new LatestValues());
        using var export = new ValueExport(Options.Create(new InterchangeOptions
        {
            FhirUrl = server.Urls.First() + "/fhir",
            FhirTokenFile = _folder.Write("token", "hush\n"),
        }), NullLogger<ValueExport>.Instance, time);
        using var stop = new CancellationTokenSource();
        var running = export.RunAsync(latest, stop.Token);
        await latest.WriteAsync(Points.Batch([Points.Of(1), Points.Of(2), Points.Of(2, "P2")]), CancellationToken.None);

        var refused = await NextAsync();
        refuse = false;
        await latest.WriteAsync(Points.Batch([Points.Of(3)]), CancellationToken.None);
        var taken = await NextAsync();
        await latest.WriteAsync(Points.Batch([Points.Of(4, "P2")]), CancellationToken.None);
        var next = await NextAsync();
        await stop.CancelAsync();
        await running;

        Assert.Equal([62m, 62], ValuesOf(refused));
        Assert.Equal([63m, 62], ValuesOf(taken));
        Assert.Equal([64m], ValuesOf(next));
        Validate(JsonSerializer.Deserialize<Bundle>(taken, Json)!);

        async Task<string> NextAsync()
        {
            while (true)
            {
                time.Advance(TimeSpan.FromSeconds(30));
                if (await Task.Run(() => bodies.TryTake(out var body, 200) ? body : null) is { } taken)
                    return taken;
            }
        }
    }

    [Fact]
    public async Task Messages_of_HL7_v2_go_over_MLLP_and_are_acknowledged()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var messages = System.Threading.Channels.Channel.CreateBounded<string>(100);
        _ = AcknowledgeAsync(listener, messages);
        var (time, latest) = (new ManualTimeProvider(), new LatestValues());
        using var export = new ValueExport(
            Options.Create(new InterchangeOptions { Hl7Target = $"mllp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}" }), NullLogger<ValueExport>.Instance, time);
        using var stop = new CancellationTokenSource();
        await latest.WriteAsync(Points.Batch([Points.Of(2), Points.Of(3, "P2")]), CancellationToken.None);
        var running = export.RunAsync(latest, stop.Token);

        time.Advance(TimeSpan.FromSeconds(30));
        var (first, second) = (await messages.Reader.ReadAsync(), await messages.Reader.ReadAsync());
        await stop.CancelAsync();
        await running;

        Assert.StartsWith("\u000bMSH|^~\\&|PIPELINE|WARD|", first, StringComparison.Ordinal);
        Assert.Contains("\rPID|1||P1^^^PIPELINE^PI\r", first, StringComparison.Ordinal);
        Assert.Contains("|62|", first, StringComparison.Ordinal);
        Assert.Contains("|63|", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_of_HL7_v2_are_appended_to_a_file()
    {
        var (time, latest, path) = (new ManualTimeProvider(), new LatestValues(), Path.Combine(_folder.Path, "values.hl7"));
        var written = new TaskCompletionSource();
        using var watch = new FileSystemWatcher(_folder.Path) { NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite, EnableRaisingEvents = true };
        watch.Changed += (_, _) => written.TrySetResult();
        using var export = new ValueExport(Options.Create(new InterchangeOptions { Hl7Target = path }), NullLogger<ValueExport>.Instance, time);
        using var stop = new CancellationTokenSource();
        await latest.WriteAsync(Points.Batch([Points.Of(2), Points.Of(3, "P2")]), CancellationToken.None);
        var running = export.RunAsync(latest, stop.Token);

        time.Advance(TimeSpan.FromSeconds(30));
        await written.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await running;

        Assert.Equal(2, File.ReadLines(path).Count(line => line.StartsWith("MSH|", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("2026-07-01", "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")]
    [InlineData("ge2026-07-01T08:00:00Z le2026-07-01T09:00:00Z", "2026-07-01T08:00:00Z", "2026-07-01T09:00:01Z")]
    [InlineData("gt2026-07-01T10:00:00+02:00 lt2026-07-01T09:00:00Z", "2026-07-01T08:00:01Z", "2026-07-01T09:00:00Z")]
    [InlineData("ge2026-07-02T11:00:00Z", "2026-07-02T11:00:00Z", "2026-07-02T12:01:00Z")]
    [InlineData("2026-13-01", null, null)]
    [InlineData("sa2026-07-01", null, null)]
    [InlineData("lt2026-07-01", null, null)]
    [InlineData("ge2026-01-01", null, null)]
    public void Dates_are_understood_as_FHIR_says(string dates, string? from, string? to)
    {
        var understood = FhirEndpoints.DateRange.TryParse(dates.Split(' '), new DateTimeOffset(2026, 7, 2, 12, 0, 0, TimeSpan.Zero), out var range);

        Assert.Equal((from is not null, from, to), (understood, range?.From.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"), range?.To.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ")));
    }

    private static void Validate(Resource resource)
    {
        var outcome = Specification.Value.Validate(resource);
        Assert.True(outcome.Success && outcome.Errors + outcome.Fatals == 0, outcome.ToString());
    }

    private static IEnumerable<decimal> ValuesOf(string bundle) =>
        JsonSerializer.Deserialize<Bundle>(bundle, Json)!.Entry.Select(entry => ((Quantity)((Observation)entry.Resource).Value).Value ?? 0);

    private static async Task<WebApplication> ReceiverAsync(Func<HttpRequest, Task<IResult>> take)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.MapPost("/fhir", async (HttpRequest request) => request.Headers.Authorization == "Bearer hush" ? await take(request) : Results.Unauthorized());
        await server.StartAsync();
        return server;
    }

    private static async Task AcknowledgeAsync(TcpListener listener, System.Threading.Channels.Channel<string> messages)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync();
            var (stream, buffer, text) = (client.GetStream(), new byte[65_536], new StringBuilder());
            while (await stream.ReadAsync(buffer) is > 0 and var count)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
                if (!text.ToString().EndsWith("\u001c\r", StringComparison.Ordinal))
                    continue;
                await messages.Writer.WriteAsync(text.ToString());
                text.Clear();
                await stream.WriteAsync(Encoding.UTF8.GetBytes("\u000bMSH|^~\\&|X\rMSA|AA|1\r\u001c\r"));
            }
        }
    }
}
