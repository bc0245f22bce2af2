using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Models;

namespace Pipeline.Host.Interchange;

/// <summary>
/// Sends the newest values of this process's patients, each once, as FHIR bundles and HL7 v2 messages. What cannot be sent is tried again with what is newest then: the store has everything, a receiver that was away
/// gets the present.
/// </summary>
/// <param name="options">Section <c>Interchange</c>.</param>
/// <param name="log">Where a receiver that does not take values is told, once.</param>
/// <param name="time">The clock.</param>
internal sealed partial class ValueExport(IOptions<InterchangeOptions> options, ILogger<ValueExport> log, TimeProvider time) : IDisposable
{
    private const int PatientsAtOnce = 100, MostSeries = 200_000;
    private const byte MessageBegin = 0x0b, MessageEnd = 0x1c;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Metric[] Metrics = [Metric.HeartRate, Metric.FetalHeartRate, Metric.RespiratoryRate, Metric.Systolic, Metric.Diastolic, Metric.MeanPressure, Metric.Sdnn, Metric.Rmssd, Metric.FetalBaseline, Metric.FetalVariability];

    private readonly InterchangeOptions _options = options.Value;
    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly Dictionary<string, string?> _told = [];

    /// <summary>Sends each interval until <paramref name="stop"/>; at once complete where there is no receiver.</summary>
    public async Task RunAsync(LatestValues latest, CancellationToken stop)
    {
        if (_options is { FhirUrl: null, Hl7Target: null })
            return;
        var (fhir, hl7) = (new Dictionary<(string, string, string, string), DateTimeOffset>(), new Dictionary<(string, string, string, string), DateTimeOffset>());
        using var timer = new PeriodicTimer(_options.Interval, time);
        while (await timer.WaitForNextTickAsync(stop).AsTask().ContinueWith(tick => tick is { IsCompletedSuccessfully: true, Result: true }, TaskScheduler.Default))
        {
            if (_options.FhirUrl is { } url)
                await SendAsync("FHIR", latest, fhir, values => PostAsync(url, values, stop));
            if (_options.Hl7Target is { } target)
                await SendAsync("HL7", latest, hl7, values => WriteAsync(target, values, stop));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Sends what is newer than what was sent.</summary>
    private async Task SendAsync(string receiver, LatestValues latest, Dictionary<(string, string, string, string), DateTimeOffset> sent, Func<IReadOnlyList<Measured>, Task> send)
    {
        string? after = null, fault = null;
        while (fault is null && latest.Patients(after, PatientsAtOnce) is { Length: > 0 } patients)
        {
            after = patients[^1][0].Patient.Value;
            Measured[] values = [.. patients.SelectMany(points => points).Where(point => Metrics.Contains(point.Estimate.Metric)).Select(Of).Where(one => !sent.TryGetValue(KeyOf(one), out var last) || one.Time > last)];
            if (values.Length == 0)
                continue;
            try
            {
                await send(values);
                if (sent.Count > MostSeries)
                    sent.Clear();
                foreach (var one in values)
                    sent[KeyOf(one)] = one.Time;
            }
            catch (Exception refused) when (refused is HttpRequestException or IOException or SocketException or OperationCanceledException or UnauthorizedAccessException)
            {
                fault = refused.Message;
            }
        }
        if (_told.GetValueOrDefault(receiver) is var before && before != fault)
        {
            _told[receiver] = fault;
            if (fault is not null)
                NotTaken(log, receiver, fault);
            else if (before is not null)
                TakenAgain(log, receiver);
        }
    }

    private async Task PostAsync(string url, IReadOnlyList<Measured> values, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(FhirObservations.ToJson(FhirObservations.Batch(values.Select(FhirObservations.Of))), Encoding.UTF8, "application/fhir+json"),
        };
        if (_options.FhirTokenFile is { } file)
            request.Headers.Authorization = new("Bearer", (await File.ReadAllTextAsync(file, stop)).Trim());
        using var answer = await _http.SendAsync(request, stop);
        answer.EnsureSuccessStatusCode();
    }

    private async Task WriteAsync(string target, IReadOnlyList<Measured> values, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        string[] messages = [.. values.GroupBy(one => one.Patient).Select((patient, i) => Hl7Message.Of([.. patient], _options.Hl7Facility, now, FormattableString.Invariant($"{now.UtcTicks}-{i}")))];
        if (_options.Mllp is not { } mllp)
        {
            await File.AppendAllTextAsync(target, string.Concat(messages.Select(message => message + "\n")), stop);
            return;
        }
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        using var client = new TcpClient();
        await client.ConnectAsync(mllp.Host, mllp.Port, either.Token);
        var stream = client.GetStream();
        foreach (var message in messages)
        {
            await stream.WriteAsync((byte[])[MessageBegin, .. Encoding.UTF8.GetBytes(message), MessageEnd, (byte)'\r'], either.Token);
            var answer = await ReadAsync(stream, either.Token);
            if (!answer.Contains("MSA|AA", StringComparison.Ordinal) && !answer.Contains("MSA|CA", StringComparison.Ordinal))
                throw new IOException($"The receiver does not take a message: {string.Concat(answer.Where(c => !char.IsControl(c)).Take(200))}");
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken stop)
    {
        const int Most = 64 << 10;
        var (read, buffer) = (new List<byte>(), new byte[4_096]);
        while (!read.Contains(MessageEnd))
        {
            var count = await stream.ReadAsync(buffer, stop);
            if (count == 0 || read.Count + count > Most)
                throw new IOException("The receiver gives no answer that is one.");
            read.AddRange(buffer.AsSpan(0, count));
        }
        return Encoding.UTF8.GetString([.. read]);
    }

    private static (string, string, string, string) KeyOf(Measured one) => (one.Patient, one.Device, one.Signal, one.Metric);

    private static Measured Of(VitalPoint point)
    {
        var estimate = point.Estimate;
        return new Measured(
            point.Patient.Value, point.Device, Names.Of(estimate.Signal), Names.Of(estimate.Metric), Names.UnitOf(estimate.Metric), point.Time.ToDateTimeOffset(), Number(estimate.Value), Number(estimate.Sigma),
            estimate.Quality, Names.Of(estimate.Status), estimate.Model);

        static double? Number(double value) => double.IsFinite(value) ? value : null;
    }

    [LoggerMessage(1, LogLevel.Warning, "The receiver of {Receiver} takes no values: {Fault}. What is newest then is sent each Interchange:Interval")]
    private static partial void NotTaken(ILogger log, string receiver, string fault);

    [LoggerMessage(2, LogLevel.Information, "The receiver of {Receiver} takes values again")]
    private static partial void TakenAgain(ILogger log, string receiver);
}
