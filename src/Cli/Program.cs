using System.CommandLine;
using System.CommandLine.Invocation;
using AaClip.Cli;

ClosedPipe.Watch();
ParseResult parsed = Verbs.All().Parse(args);
return parsed.Action is ParseErrorAction
    ? Misuse.Tell(parsed)
    : await Run.Verb(() => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) }));
