namespace Pipeline.Host.Errors;

/// <summary>What the process answers to the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done, and nothing lost.</summary>
    public const int Ok = 0;

    /// <summary>Failed, or something was lost.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the configuration or an input file cannot be used.</summary>
    public const int BadUsage = 2;

    /// <summary>The input was read, and nothing is estimated from its kinds of signals at their rates.</summary>
    public const int NothingToEstimate = 3;
}
