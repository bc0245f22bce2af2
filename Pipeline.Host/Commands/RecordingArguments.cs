using System.CommandLine;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.Commands;

/// <summary>What commands that read recordings take alike.</summary>
internal static class RecordingArguments
{
    public static Argument<string[]> Files(string description = "Recordings: WFDB header (.hea), EDF or EDF+, CSV and the like, WAV.")
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = description,
            Arity = ArgumentArity.OneOrMore,
        };
        // An option that there is not would be one more file.
        files.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (token.Value.StartsWith("--", StringComparison.Ordinal))
                    result.AddError($"There is no option '{token.Value}'; a file of that name is ./{token.Value}.");
        });
        return files;
    }

    public static Option<string[]> Channels()
    {
        var channels = new Option<string[]>("--channel")
        {
            Description = $"Kind of the channels with a label (* at its end: any rest): {string.Join(' ', ChannelKinds.AllNames)}, or ignore; may be repeated.",
            HelpName = "LABEL=KIND",
        };
        channels.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (!ChannelOverride.TryParse(token.Value, out _, out var fault))
                    result.AddError($"--channel {fault}.");
        });
        return channels;
    }

    public static Option<double?> Rate()
    {
        var rate = new Option<double?>("--rate") { Description = "Samples per second of CSV files without a time column.", HelpName = "HZ" };
        rate.Refuse(value => value is > 0 and <= 100_000 ? null : "--rate is more than 0 and at most 100000 Hz.");
        return rate;
    }

    public static RecordingOptions Options(ParseResult parsed, Option<string[]> channels, Option<double?> rate) => new(
        [.. (parsed.GetValue(channels) ?? []).Select(text => ChannelOverride.TryParse(text, out var one, out _) ? one : null).OfType<ChannelOverride>()],
        parsed.GetValue(rate));
}
