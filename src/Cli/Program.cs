using System.CommandLine;
using System.CommandLine.Invocation;
using AaClip.Cli;

ClosedPipe.Watch();
ParseResult parsed = Verbs.All().Parse(args);
return Misuse.Find(parsed) is { } wrong
    ? Misuse.Tell(wrong)
    : await Run.Verb(() =>
        parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) }
        )
    );
