using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Hl7.Fhir.Model;
using Pipeline.Host.Access;
using Pipeline.Host.Interchange;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Web;

/// <summary>
/// <c>GET /fhir/Observation?patient=PID&amp;code=CODE&amp;date=geTIME&amp;date=ltTIME</c> (FHIR R4): the newest values of a patient, or stored ones as means, or with the code of a signal its samples of up to two
/// minutes. <c>GET /fhir/metadata</c>.
/// </summary>
internal static class FhirEndpoints
{
    private const int MostResults = 1_000, UsualResults = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(72), LongestStrip = TimeSpan.FromMinutes(2), LeastEvery = TimeSpan.FromSeconds(2), UsualStrip = TimeSpan.FromSeconds(10);
    private static readonly string[] Metrics =
    [
        .. new[] { Metric.HeartRate, Metric.FetalHeartRate, Metric.RespiratoryRate, Metric.Systolic, Metric.Diastolic, Metric.MeanPressure, Metric.Sdnn, Metric.Rmssd, Metric.FetalBaseline, Metric.FetalVariability }.Select(Names.Of),
    ];

    private static readonly string[] Signals = ["ecg", "ppg", "abp", "fecg", "pcg", "camera"];

    /// <summary>Adds them.</summary>
    public static void MapFhir(this IEndpointRouteBuilder routes, WardSite site)
    {
        routes.MapGet("/fhir/metadata", () => Answer(Capabilities(site.Time.GetUtcNow())));
        routes.MapGet("/fhir/Observation", async (HttpContext context, string? patient, string? code, string[]? date, int? _count, CancellationToken stop) =>
        {
            var id = patient?.Split('/')[^1].Split('|')[^1] ?? "";
            if (!PatientId.IsValid(id))
                return Answer(FhirObservations.Fault("patient= is wanted: a pseudonym."), 400);
            if (_count is < 1 or > MostResults)
                return Answer(FhirObservations.Fault($"_count= is {_count}; allowed: 1 to {MostResults}."), 400);
            if (!DateRange.TryParse(date ?? [], site.Time.GetUtcNow(), out var range))
                return Answer(FhirObservations.Fault("date= is no date that is understood: one or two of [eq|ge|gt|le|lt]YYYY-MM-DD[THH:MM:SS(Z|+HH:MM)], at most 72 h apart."), 400);
            try
            {
                var found = await FindAsync(site, id, code, range, _count ?? UsualResults, stop);
                return found is null
                    ? Answer(FhirObservations.Fault("The store has not been opened yet."), 503)
                    : Answer(FhirObservations.Searchset(found, $"{context.Request.Scheme}://{context.Request.Host}{context.Request.Path}{context.Request.QueryString}"));
            }
            catch (Exception fault) when (fault is IOException or KafkaException)
            {
                return Answer(FhirObservations.Fault(fault.Message), 503);
            }
        }).RequireRateLimiting(RequestLimits.Store);
    }

    private static async Task<IReadOnlyList<Observation>?> FindAsync(WardSite site, string patient, string? code, DateRange? range, int most, CancellationToken stop)
    {
        var wanted = code?.Split(',').Select(one => one.Split('|')[^1]).ToHashSet(StringComparer.Ordinal);
        var kinds = Signals.Where(kind => wanted is not null && ObservationCodes.OfSamples(kind).Any(one => wanted.Contains(one.Code))).ToArray();
        if (kinds.Length > 0)
            return await SamplesAsync(site, patient, kinds, range, stop);
        if (range is null)
        {
            if (site.Reader() is not { } ward)
                return null;
            var report = (await ward.PatientAsync(patient, stop)).Newest?.Answer;
            return
            [
                .. (report?.Series ?? []).Where(one => Metrics.Contains(one.Metric) && Matches(one.Metric, one.Signal, wanted)).Take(most).Select(one => FhirObservations.Of(new Measured(
                    patient, one.Device, one.Signal, one.Metric, one.Unit, one.Time, one.Value, one.Sigma, one.Quality, one.Status, one.Model))),
            ];
        }
        if (site.History() is not { } history)
            return null;
        // The newest of so many means a series as are wanted at most.
        var every = TimeSpan.FromSeconds(Math.Max(LeastEvery.TotalSeconds, Math.Ceiling((range.To - range.From).TotalSeconds / most)));
        var series = await history.ReadAsync(new HistoryRequest(patient, Metrics, range.From, range.To, every), stop);
        return
        [
            .. series.Where(one => Matches(one.Metric, one.Signal, wanted)).SelectMany(one => one.Times.Select((time, i) => new Measured(
                    patient, one.Device, one.Signal, one.Metric, UnitOf(one.Metric), DateTimeOffset.FromUnixTimeMilliseconds(time), one.Means[i], double.IsFinite(one.Sigmas[i]) ? one.Sigmas[i] : null, null, "ok", "")))
                .OrderByDescending(one => one.Time).Take(most).Select(FhirObservations.Of),
        ];
    }

    private static async Task<IReadOnlyList<Observation>> SamplesAsync(WardSite site, string patient, string[] kinds, DateRange? range, CancellationToken stop)
    {
        var to = range?.To ?? site.Time.GetUtcNow();
        var from = range?.From is { } begin && to - begin <= LongestStrip ? begin : to - (range is null ? UsualStrip : LongestStrip);
        var stretch = SignalStretch.Of(await site.Stretch(new PatientId(patient), from, to, stop), from, to);
        return
        [
            .. stretch.Channels.Where(channel => kinds.Contains(channel.Kind)).Select(channel =>
                FhirObservations.OfSamples(patient, channel.Device, channel.Label, channel.Kind, channel.Unit, stretch.From, channel.RateHz, channel.Values)),
        ];
    }

    private static bool Matches(string metric, string signal, HashSet<string>? wanted) => wanted is null || ObservationCodes.Of(metric, signal).Any(code => wanted.Contains(code.Code));

    private static string UnitOf(string metric) => Names.UnitOf(Enum.GetValues<Metric>().First(one => one != Metric.Presence && Names.Of(one) == metric));

    private static CapabilityStatement Capabilities(DateTimeOffset now) => new()
    {
        Status = PublicationStatus.Active,
        DateElement = new FhirDateTime(now),
        Kind = CapabilityStatementKind.Instance,
        Implementation = new CapabilityStatement.ImplementationComponent { Description = "Estimates of a ward's signals. Advisory." },
        FhirVersion = FHIRVersion.N4_0_1,
        Format = ["application/fhir+json"],
        Rest =
        [
            new CapabilityStatement.RestComponent
            {
                Mode = CapabilityStatement.RestfulCapabilityMode.Server,
                Resource =
                [
                    new CapabilityStatement.ResourceComponent
                    {
                        Type = "Observation",
                        Interaction = [new CapabilityStatement.ResourceInteractionComponent { Code = CapabilityStatement.TypeRestfulInteraction.SearchType }],
                        SearchParam =
                        [
                            new CapabilityStatement.SearchParamComponent { Name = "patient", Type = SearchParamType.Reference },
                            new CapabilityStatement.SearchParamComponent { Name = "code", Type = SearchParamType.Token },
                            new CapabilityStatement.SearchParamComponent { Name = "date", Type = SearchParamType.Date },
                        ],
                    },
                ],
            },
        ],
    };

    private static IResult Answer(Resource resource, int status = 200) => Results.Text(FhirObservations.ToJson(resource), "application/fhir+json", Encoding.UTF8, status);

    /// <summary>A stretch of time as <c>date</c> parameters name it.</summary>
    internal sealed record DateRange(DateTimeOffset From, DateTimeOffset To)
    {
        private static readonly string[] Forms = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

        /// <summary>Reads them; <paramref name="range"/> is null where there are none.</summary>
        public static bool TryParse(string[] dates, DateTimeOffset now, out DateRange? range)
        {
            var (from, to) = (DateTimeOffset.MinValue, now.AddMinutes(1));
            range = null;
            if (dates.Length == 0)
                return true;
            foreach (var date in dates)
            {
                var (prefix, text) = date.Length > 2 && char.IsLetter(date[0]) ? (date[..2], date[2..]) : ("eq", date);
                if (!DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                    return false;
                var end = at + (text.Length == 10 ? TimeSpan.FromDays(1) : text.Contains('.', StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1));
                switch (prefix)
                {
                    case "eq":
                        (from, to) = (Max(from, at), Min(to, end));
                        break;
                    case "ge":
                        from = Max(from, at);
                        break;
                    case "gt":
                        from = Max(from, end);
                        break;
                    case "lt":
                        to = Min(to, at);
                        break;
                    case "le":
                        to = Min(to, end);
                        break;
                    default:
                        return false;
                }
            }
            if (from == DateTimeOffset.MinValue || to - from > Longest)
                return false;
            range = new DateRange(from, Max(from.AddMilliseconds(1), to));
            return true;

            static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
            static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
        }
    }
}
