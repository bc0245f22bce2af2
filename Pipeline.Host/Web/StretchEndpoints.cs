using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Pipeline.Host.Access;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Web;

/// <summary>Reads the chunks of a patient that touch a stretch of time.</summary>
/// <exception cref="KafkaException">The brokers do not answer.</exception>
/// <exception cref="IOException">It holds too much.</exception>
internal delegate Task<IReadOnlyList<SampleChunk>> ReadStretch(PatientId patient, DateTimeOffset from, DateTimeOffset to, CancellationToken stop);

/// <summary>
/// <c>/api/patients/PID/stretch?from=MS&amp;to=MS</c>: the signals of a stretch, for a strip; <c>…/stretch.csv</c>, <c>…/stretch.edf</c>: to take away; <c>…/spectrogram</c>. Times are milliseconds since 1970.
/// </summary>
internal static class StretchEndpoints
{
    private static readonly TimeSpan LongestStrip = TimeSpan.FromMinutes(2), Longest = TimeSpan.FromMinutes(15);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Adds them.</summary>
    public static void MapStretches(this IEndpointRouteBuilder routes, ReadStretch read)
    {
        var group = routes.MapGroup("/api/patients/{patient}").RequireRateLimiting(RequestLimits.Store);
        group.MapGet("/stretch", (string patient, long? from, long? to, CancellationToken stop) =>
            ReadAsync(read, patient, from, to, LongestStrip, stretch => Results.Json(new
            {
                From = stretch.From.ToUnixTimeMilliseconds(),
                Channels = stretch.Channels.Select(one => new { one.Device, one.Label, one.Kind, one.Unit, one.RateHz, Values = one.Values.Select(StripSamples.Shown) }),
            }, Json), stop));
        group.MapGet("/spectrogram", (string patient, long? from, long? to, CancellationToken stop) =>
            ReadAsync(read, patient, from, to, Longest, stretch => Spectrogram.ChannelOf(stretch) is { } channel
                ? Results.Json(new { From = stretch.From.ToUnixTimeMilliseconds(), channel.Device, channel.Label, channel.Kind, Spectra = Spectrogram.Of(channel) }, Json)
                : Results.NotFound(), stop));
        group.MapGet("/stretch.csv", (string patient, long? from, long? to, HttpContext context, AuditLog audit, CancellationToken stop) =>
            ReadAsync(read, patient, from, to, Longest, stretch =>
            {
                audit.Write(context, "export", patient, DetailOf("csv", stretch, to));
                return Results.Stream(async target =>
                {
                    await using var writer = new StreamWriter(target, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
                    await stretch.WriteCsvAsync(writer);
                }, "text/csv", NameOf(patient, stretch, "csv"));
            }, stop)).RequireRight(Right.Export);
        group.MapGet("/stretch.edf", (string patient, long? from, long? to, HttpContext context, AuditLog audit, CancellationToken stop) =>
            ReadAsync(read, patient, from, to, Longest, stretch =>
            {
                var signals = stretch.ForEdf();
                if (signals.Count == 0)
                    return Results.NotFound();
                if (EdfWriter.RecordSecondsOf(signals) is null)
                    return Results.Text("The rates of the signals fit no data record of EDF: take CSV.", statusCode: StatusCodes.Status400BadRequest);
                audit.Write(context, "export", patient, DetailOf("edf", stretch, to));
                using var file = new MemoryStream();
                EdfWriter.Write(file, patient, stretch.From, signals);
                return Results.File(file.ToArray(), "application/octet-stream", NameOf(patient, stretch, "edf"));
            }, stop)).RequireRight(Right.Export);
    }

    private static async Task<IResult> ReadAsync(
        ReadStretch read, string patient, long? from, long? to, TimeSpan longest, Func<SignalStretch, IResult> answer, CancellationToken stop)
    {
        if (!PatientId.IsValid(patient) || from is not { } first || to is not { } last || first < 0 || last <= first || last - first > longest.TotalMilliseconds)
            return Results.Text(string.Create(CultureInfo.InvariantCulture, $"from= and to= are wanted, milliseconds since 1970, at most {longest.TotalMinutes:0} min apart."), statusCode: StatusCodes.Status400BadRequest);
        try
        {
            var (begin, end) = (DateTimeOffset.FromUnixTimeMilliseconds(first), DateTimeOffset.FromUnixTimeMilliseconds(last));
            return answer(SignalStretch.Of(await read(new PatientId(patient), begin, end, stop), begin, end));
        }
        catch (Exception fault) when (fault is KafkaException or IOException)
        {
            return Results.Text(fault.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (ArgumentOutOfRangeException)
        {
            return Results.Text("from= and to= are no times.", statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static string DetailOf(string form, SignalStretch stretch, long? to) => string.Create(CultureInfo.InvariantCulture,
        $"{form}, {stretch.Channels.Count} channels, {stretch.From.UtcDateTime:O} to {DateTimeOffset.FromUnixTimeMilliseconds(to ?? 0).UtcDateTime:O}");

    private static string NameOf(string patient, SignalStretch stretch, string form) => string.Create(CultureInfo.InvariantCulture, $"{patient}-{stretch.From.UtcDateTime:yyyyMMddTHHmmssZ}.{form}");
}
