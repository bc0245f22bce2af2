using System.CommandLine;
using System.CommandLine.Parsing;

namespace Pipeline.Host.Commands;

/// <summary>What an option's value must be.</summary>
internal static class OptionRules
{
    /// <summary>Refuses a value that was typed, with the line that <paramref name="faultOf"/> answers; null: it is allowed.</summary>
    public static void Refuse<T>(this Option<T> option, Func<T?, string?> faultOf) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.Tokens.Count > 0 && TryGet<T>(result, out var value) && faultOf(value) is { } fault)
            result.AddError(fault);
    });

    /// <summary>Refuses an empty path or address everywhere below <paramref name="command"/>, as of a shell variable that is not set.</summary>
    public static void RefuseEmptyPlaces(Command command)
    {
        foreach (var option in command.Options.Where(one => IsPlace(one.HelpName)))
            option.Validators.Add(result => Refuse(result, option.Name));
        foreach (var argument in command.Arguments.Where(one => IsPlace(one.HelpName ?? one.Name)))
            argument.Validators.Add(result => Refuse(result, argument.HelpName ?? argument.Name));
        foreach (var sub in command.Subcommands)
            RefuseEmptyPlaces(sub);

        static bool IsPlace(string? name) => name is not null
            && (name.StartsWith("FILE", StringComparison.Ordinal) || name.Contains("|FILE", StringComparison.Ordinal) || name is "PATH" or "DIR" or "FOLDER" or "URL" or "HOST:PORT,…");

        static void Refuse(SymbolResult result, string name)
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"{name} is empty.");
        }
    }

    /// <summary>False: the value is no <typeparamref name="T"/>, for which the library has an error of its own.</summary>
    private static bool TryGet<T>(OptionResult result, out T? value)
    {
        try
        {
            value = result.GetValueOrDefault<T>();
            return true;
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }
}
