using System.Globalization;
using System.Text.Json;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Integration;

/// <summary>The dashboards and alert rules that Grafana is provisioned with, and their queries as Grafana sends them.</summary>
internal static class GrafanaFiles
{
    /// <summary>The dashboards' files.</summary>
    public static string[] Dashboards() => Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "grafana", "dashboards"), "*.json");

    /// <summary>A dashboard by its name.</summary>
    public static JsonDocument Dashboard(string name) =>
        JsonDocument.Parse(File.ReadAllText(Dashboards().Single(file => Path.GetFileNameWithoutExtension(file) == name)));

    public static IEnumerable<JsonElement> Panels(JsonDocument dashboard) => dashboard.RootElement.GetProperty("panels").EnumerateArray();

    /// <summary>The queries of a panel that InfluxDB is asked.</summary>
    public static IEnumerable<string> QueriesOf(JsonElement panel) => panel.TryGetProperty("targets", out var targets)
        ? targets.EnumerateArray().Where(target => target.TryGetProperty("query", out _)).Select(QueryOf)
        : [];

    /// <summary>Those of all panels, variables and annotations of a dashboard.</summary>
    public static IEnumerable<string> QueriesOf(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var dashboard = json.RootElement;
        return
        [
            .. Panels(json).SelectMany(QueriesOf),
            .. dashboard.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Where(variable => variable.GetProperty("type").GetString() == "query").Select(QueryOf),
            .. dashboard.GetProperty("annotations").GetProperty("list").EnumerateArray().Select(QueryOf),
        ];
    }

    /// <summary>Those of the rules on alarms.</summary>
    public static IEnumerable<string> AlertQueries()
    {
        var file = Path.Combine(RepositoryRoot.Path, "grafana", "provisioning", "alerting", "alarms.json");
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. from rules in json.RootElement.GetProperty("groups").EnumerateArray()
               from rule in rules.GetProperty("rules").EnumerateArray()
               from part in rule.GetProperty("data").EnumerateArray()
               where part.GetProperty("model").TryGetProperty("query", out _)
               select QueryOf(part.GetProperty("model")),
        ];
    }

    /// <summary>A query with the variables' values, over <paramref name="shown"/> from the points' start on.</summary>
    public static string Fill(string query, TimeSpan shown, TimeSpan interval)
    {
        var (first, end) = (Points.Start, Points.Start.AddSeconds(shown.TotalSeconds));
        var notStale = first.AddSeconds(-1).UnixNanoseconds.ToString(CultureInfo.InvariantCulture);
        return query
            .Replace("now() - $stale", notStale, StringComparison.Ordinal)
            .Replace("$timeFilter", $"time >= {first.UnixNanoseconds} AND time < {end.UnixNanoseconds}", StringComparison.Ordinal)
            .Replace("$__interval", $"{interval.TotalSeconds:0}s", StringComparison.Ordinal)
            .Replace("$ward", "(w1|w2)", StringComparison.Ordinal)
            .Replace("$pid", ".*", StringComparison.Ordinal)
            .Replace("$signal", ".*", StringComparison.Ordinal)
            .Replace("$bed", ".*", StringComparison.Ordinal);
    }

    private static string QueryOf(JsonElement element) => element.GetProperty("query").GetString()!;     // a test's fault if there is none
}
