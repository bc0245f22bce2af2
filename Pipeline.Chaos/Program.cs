using Pipeline.Chaos;
using Pipeline.Host.Commands;

return await CommandLine.RunAsync([ChaosCommand.Name, .. args], ChaosCommand.Create);
