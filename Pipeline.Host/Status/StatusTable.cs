using System.Globalization;
using Pipeline.Actors.Cluster;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pipeline.Host.Status;

/// <summary>The ward's status for a person.</summary>
internal static class StatusTable
{
    private const string Nothing = "[grey]–[/]";

    /// <summary>Members, shards, and the sums.</summary>
    public static IRenderable Draw(WardStatus status, DateTimeOffset now) => new Rows(
        new Markup(Text($"[bold]{Escape(status.Topic)}[/], group {Escape(status.Group)}: {Escape(status.State)}, {status.Members.Count} members, {status.Protocol} protocol")),
        Members(status),
        Shards(status, now),
        new Markup(Sums(status)),
        new Markup(Hint(status)));

    /// <summary>What to do when nobody works; empty when somebody does. Kafka calls a group without members Empty or Dead.</summary>
    private static string Hint(WardStatus status) => status.Members.Count > 0 ? "" : Escape(
        $"No process is in group {status.Group}, so nothing is read: start one with ./pipeline run; one that has just started joins within seconds. Another group is Kafka:GroupId.");

    /// <summary>How old something is: 0.4 s, 12 s, 3 min, 2 h, 5 d.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 10 } => Text($"{Math.Max(0, age.TotalSeconds):0.0} s"),
        { TotalSeconds: < 120 } => Text($"{age.TotalSeconds:0} s"),
        { TotalMinutes: < 120 } => Text($"{age.TotalMinutes:0} min"),
        { TotalHours: < 48 } => Text($"{age.TotalHours:0} h"),
        _ => Text($"{age.TotalDays:0} d"),
    };

    private static Table Members(WardStatus status)
    {
        var table = Framed("Member", "Address", "Shards", "State");
        for (var index = 0; index < status.Members.Count; index++)
        {
            var member = status.Members[index];
            table.AddRow(
                Text($"{index + 1}"),
                Escape(member.Address ?? member.Host) + (member.InstanceId is { } name ? Text($" [grey]{Escape(name)}[/]") : ""),
                member.Partitions.Count == 0 ? Nothing : Escape(Ranges(member.Partitions)),
                State(member) + (member.Address is { } address && address == status.Coordinator ? " [grey]coordinator[/]" : ""));
        }
        return table;
    }

    private static string State(WardMember member) => member switch
    {
        { Fault: { } fault } => $"[red1]not reachable: {Escape(fault)}[/]",
        { Unready: { } why } => $"[yellow]{Escape(why)}[/]",
        _ => "[green3]ready[/]",
    };

    private static Table Shards(WardStatus status, DateTimeOffset now)
    {
        var table = Framed("Shard", "Owner", "To read", "To commit", "Patients", "Checkpoint", "State");
        foreach (var column in new[] { 0, 2, 3, 4, 5 })
            table.Columns[column].Alignment = Justify.Right;
        foreach (var shard in status.Shards)
            table.AddRow(
                Text($"{shard.Shard}"),
                shard.Owner is { } owner ? Text($"{owner}") : Nothing,
                shard.Own is { } read ? Text($"{read.UnreadRecords:N0}") : Nothing,
                Text($"{shard.UncommittedRecords:N0}"),
                shard.Own is { } own ? Text($"{own.ActivePatients + own.PassivePatients:N0}") : Nothing,
                shard.Own?.LastCheckpoint is { } last ? Age(now - last) : Nothing,
                State(shard));
        return table;
    }

    private static string State(WardShard shard) => shard switch
    {
        { Owner: null } => "[red1]no owner[/]",
        { Own: null } => "[yellow]owner not reachable[/]",
        { Own: { Activity: ShardActivity.Restoring } own } => Text($"[yellow]restoring, {100 * own.RestoreProgress:0} %[/]"),
        { Own: { RestoreSeconds: { } seconds, RestoredPatients: > 0 } own } => Text($"[green3]running[/] [grey]restored {own.RestoredPatients:N0} patients in {seconds:0.0} s[/]"),
        _ => "[green3]running[/]",
    };

    private static string Sums(WardStatus status)
    {
        var own = status.Shards.Select(shard => shard.Own).OfType<ShardStatus>().ToArray();
        return Text($"{own.Sum(one => one.ActivePatients + one.PassivePatients):N0} patients, of whom {own.Sum(one => one.PassivePatients):N0} idle; {status.Shards.Sum(shard => shard.UncommittedRecords):N0} records to commit; {status.Shards.Count(shard => shard.Owner is null)} shards without an owner");
    }

    private static Table Framed(params string[] titles)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey35) };
        foreach (var title in titles)
            table.AddColumn(new TableColumn($"[bold]{title}[/]"));
        return table;
    }

    /// <summary>0–3, 6: what follows one after the other as a range.</summary>
    private static string Ranges(IReadOnlyList<int> numbers)
    {
        var ranges = new List<string>();
        for (int from = 0, to; from < numbers.Count; from = to + 1)
        {
            for (to = from; to + 1 < numbers.Count && numbers[to + 1] == numbers[to] + 1;)
                to++;
            ranges.Add(to == from ? Text($"{numbers[from]}") : Text($"{numbers[from]}–{numbers[to]}"));
        }
        return string.Join(", ", ranges);
    }

    private static string Escape(string text) => Markup.Escape(text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
