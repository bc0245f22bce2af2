namespace Pipeline.Host.Commands;

/// <summary>What the process answers to the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done, and nothing lost.</summary>
    public const int Ok = 0;

    /// <summary>Failed, or something was lost.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the configuration or an input file cannot be used.</summary>
    public const int BadUsage = 2;
}

/// <summary>An expected failure: its message is the one line that the user sees, without a stack trace.</summary>
/// <param name="message">What was found, what was wanted, what to change.</param>
/// <param name="exitCode">One of <see cref="Commands.ExitCode"/>.</param>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>What the process answers.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>A command line, configuration or input that cannot be used.</summary>
    public static CommandException BadUsage(string message) => new(message, Commands.ExitCode.BadUsage);
}
