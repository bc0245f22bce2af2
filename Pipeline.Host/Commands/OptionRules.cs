using System.CommandLine;

namespace Pipeline.Host.Commands;

/// <summary>What an option's value must be.</summary>
internal static class OptionRules
{
    /// <summary>Refuses a value that was typed, with the line that <paramref name="faultOf"/> answers; null: it is allowed.</summary>
    public static void Refuse<T>(this Option<T> option, Func<T?, string?> faultOf) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.Tokens.Count > 0 && faultOf(result.GetValueOrDefault<T>()) is { } fault)
            result.AddError(fault);
    });
}
