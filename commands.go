package main

// commands is the table of them, in the order that help lists them.
func commands() []*command {
	return []*command{
		analyzeCommand(),
		serveCommand(),
		workerCommand(),
		enqueueCommand(),
		reprocessCommand(),
		batchCommand(),
		labelCommand(),
		labelsCommand(),
		similarCommand(),
		diffCommand(),
		promoteCommand(),
		forgetCommand(),
		tokenCommand(),
		migrateCommand(),
		statusCommand(),
		doctorCommand(),
		exportCommand(),
		importCommand(),
		backupCommand(),
		benchCommand(),
		evalCommand(),
		trainCommand(),
		renderCommand(),
	}
}
